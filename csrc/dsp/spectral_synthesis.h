#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "core/config.h"
#include "dsp/band_interpolation.h"
#include "dsp/fft.h"
#include "dsp/filter_bank.h"

namespace muspeaker::dsp {

/// Spectra of a pulse train, of noise and of a free part, mixed by gains and phases for each frame
/// and bin, brought to the band levels of a mel, and added up to samples.
///
/// Source: the source-filter spectra of hibari-tts (Apache-2.0), with a mel to keep to.
///
///   frames        |  t-2  |  t-1  |   t   |  t+1  |  t+2  |
///   window of t       [===============*===============]        four hops, * is its middle
///   samples of t                  [-------]                    depend on the windows of t-2 to
///   t+2, those on the pulses and the noise of t-4 to t+4
class SpectralSynthesis {
 public:
  static constexpr int64_t kPlanes = 5;  ///< planes of the network's head, each num_bins values
  static constexpr int64_t kSpectraReach = 2;  ///< frames whose spectra a frame's samples need
  static constexpr int64_t kSourceReach = 4;   ///< frames whose pulses and noise they need
  static constexpr int64_t kTileFrames = 24;   ///< frames whose planes are asked for at once

  /// Throws std::invalid_argument if a window is not fft_samples long and four hops.
  explicit SpectralSynthesis(const core::AudioConfig& audio);

  /// Memory of one call; keep one per thread.
  struct Workspace {
    std::vector<float> pulses, frame, real, imag, noise_real, noise_imag, magnitude, bands, sum;
    RealFft::Workspace fft;
  };

  /// The planes of frames [begin, end): (end - begin, 5, num_bins), log-gain and phase offset of
  /// the harmonic part, log-gain of the noise, log-magnitude and phase of the free part; logarithms
  /// relative to the mel. Asked for few frames at a time, in order: they are as large as a cache.
  using Planes = std::function<const float*(int64_t begin, int64_t end)>;

  /// One chunk of an utterance; what lies outside it must be the utterance's end or not needed.
  struct Chunk {
    int64_t frames = 0;  ///< frames of all arrays
    int64_t begin = 0;   ///< first frame whose samples are wanted
    int64_t end = 0;     ///< end of range, exclusive
    Planes planes;
    const float* mel = nullptr;    ///< (frames, num_mels), natural log
    const float* f0 = nullptr;     ///< (frames) in Hz, 0 where unvoiced
    const float* phase = nullptr;  ///< (frames * hop) phase of the fundamental, in cycles
    const float* noise = nullptr;  ///< (frames * hop), standard normal
  };

  /// Writes (end - begin) * hop_samples samples. Every sample adds its frames in the same order, so
  /// that chunks and whole utterances have the same bits.
  void synthesize(const Chunk& chunk, float* samples, Workspace& workspace) const;

  [[nodiscard]] int64_t num_bins() const { return fft_.num_bins(); }

 private:
  void spectrum(const float* samples, int64_t num_samples, int64_t first, float scale, float* real,
                float* imag, Workspace& workspace) const;
  void add_frame(const Chunk& chunk, int64_t frame, const float* planes, float* samples,
                 Workspace& workspace) const;
  void mix(const float* planes, const float* mel, bool voiced, Workspace& workspace) const;
  void correct_levels(const float* mel, Workspace& workspace) const;

  core::AudioConfig audio_;
  RealFft fft_;
  std::vector<float> window_;
  FilterBank filters_;
  BandInterpolation interpolation_;
  float floor_;
};

}  // namespace muspeaker::dsp
