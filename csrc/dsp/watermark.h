#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "core/config.h"

namespace muspeaker::dsp {

/// What marks speech as made by this program: a pattern of gains over time and frequency.
///
///     7500 Hz  + - - + + ...      a cell lasts 50 ms and is 40 Hz wide, and is made louder (+)
///              - - + + - ...      or softer (-) by kDecibels, both less what keeps the power
///      300 Hz  + + - - + ...
///              0        3.2 s     then the pattern begins again
///
/// Signs come from Philox under a key that everyone knows, so that everyone can look for the mark.
/// Three of four cells are the same in all speech. The rest carry five symbols of 8 bits, one of
/// 256 codes each: four of the payload, and one that tells whether these were read rightly.
/// Source: Kirovski and Malvar 2003, "Spread-spectrum watermarking of audio signals" (IEEE Trans.
/// Signal Processing 51(4)), sections III and IV, for gains on magnitudes as a spread spectrum.
class Watermark {
 public:
  static constexpr int64_t kSlots = 64;
  static constexpr int64_t kCells = 180;
  static constexpr int64_t kSlotsASecond = 20;
  static constexpr int64_t kLowHz = 300;
  static constexpr int64_t kCellHz = 40;
  static constexpr int64_t kSymbols = 5;
  static constexpr int64_t kCodes = 256;
  static constexpr double kDecibels = 1.4;

  /// (slots * cells) each, row by row.
  using Signs = std::array<int8_t, static_cast<size_t>(kSlots* kCells)>;

  /// The mark of 32 bits, for the frames of a model.
  Watermark(const core::AudioConfig& audio, uint32_t payload);

  /// Multiplies the spectrum of a frame, num_bins values each, by the pattern. frame: counted from
  /// the first of the utterance.
  void apply(int64_t frame, float* real, float* imag) const;

  /// 1 or -1, what apply() does in each cell.
  [[nodiscard]] const Signs& signs() const { return signs_; }

  /// Symbol that a cell belongs to, from 1; 0 where it belongs to none.
  static const Signs& symbols();

  /// 1 or -1 in every cell: the code of a value of a symbol, 0 to 255; with kCodes, what the cells
  /// of no symbol have.
  static Signs code(int64_t value);

 private:
  int64_t hop_samples_, sample_rate_;
  int64_t first_bin_ = 0;
  int64_t num_bins_ = 0;  ///< those that are marked, from first_bin_ on
  Signs signs_;
  std::vector<float> gains_;  ///< (slots, num_bins)
};

}  // namespace muspeaker::dsp
