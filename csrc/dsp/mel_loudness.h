#pragma once

#include <cstdint>
#include <vector>

#include "core/array.h"
#include "core/config.h"

namespace muspeaker::dsp {

/// How loud a mel is, and one loudness for all of them.
///
/// Source: ITU-R BS.1770-4, Annex 1: filters, blocks of 400 ms, gates; blocks begin at every frame,
/// and what is shorter than a block is taken for one that ends in silence.
class MelLoudness {
 public:
  explicit MelLoudness(const core::AudioConfig& audio);

  /// The loudness that speech of a mel has, in LUFS; minus infinity where all is below -70 LUFS.
  /// mel: (frames, num_mels), natural log.
  [[nodiscard]] double loudness(const core::Frames& mel) const;

  /// Makes a mel as loud as all speech, -23.4 LUFS, and by energy_gain louder: by 30 dB at most,
  /// energy_gain aside. It stays as it is where there is no speech.
  void level(core::Frames& mel, float energy_gain) const;

 private:
  std::vector<double> weights_;  // (num_mels): what the square of a band adds to the mean square
  int64_t block_frames_;
};

}  // namespace muspeaker::dsp
