#pragma once

#include <cstdint>
#include <vector>

namespace muspeaker::dsp {

/// Keeps the true peaks of speech, between its samples too, below -1 dBFS: the gain falls before a
/// peak and rises after it, smoothly. What has no such peak near it is not changed at all.
///
/// Source: ITU-R BS.1770-4, Annex 2, for true peaks. Streaming state of one utterance, whose
/// samples come piece by piece: the bits of the result do not depend on where pieces end.
class Limiter {
 public:
  static constexpr double kCeiling = 0.87;  ///< -1.2 dBFS: the estimate of a peak may be too low
  static constexpr int64_t kReach = 48;     ///< samples of the gain's fall and rise, either way
  static constexpr int64_t kTaps = 24;      ///< samples that a value between two of them depends on

  /// channels: of every frame; one gain is for all of them.
  explicit Limiter(int64_t channels = 1);

  /// Takes the next frames, each of so many channels, and appends those that are final.
  void take(const float* frames, int64_t count, std::vector<float>& given);

  /// Appends what is left. Nothing may be taken after it.
  void rest(std::vector<float>& given);

 private:
  static constexpr int64_t kAhead = kTaps / 2;  // samples after one that its peak depends on
  static constexpr int64_t kBefore = kAhead - 1;
  static constexpr int64_t kFirst = kBefore + (2 * kReach);  // of frames_, that is given next

  void find_excess();
  void find_largest();
  void advance(std::vector<float>& given);

  int64_t channels_;
  std::vector<float> frames_;    // not given yet, and the kFirst before them
  std::vector<double> excess_;   // of frames_ from kBefore on, the share of each that is too much
  std::vector<double> largest_;  // of excess_ from kReach on, the largest within kReach
  int64_t soft_from_ = 0;        // from there on nothing of excess_ is above 0
};

}  // namespace muspeaker::dsp
