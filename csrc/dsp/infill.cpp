#include "dsp/infill.h"

#include <algorithm>
#include <cmath>

namespace muspeaker::dsp {
namespace {

constexpr double kDecayFrames = 1.5;      // after which a difference has faded to 1 / e
constexpr double kF0DecayFrames = 12.0;   // the same for F0
constexpr int64_t kF0ReachFrames = 9;     // from a join to a frame that is voiced in both
constexpr double kMostF0Ratio = 1.5;      // beyond it, the tracker took another octave
constexpr double kBackgroundShare = 0.1;  // of the frames, the quietest, that are background

/// Frames [begin, end) without an origin; what stands beside them has one.
struct Gap {
  int64_t begin;
  int64_t end;
};

std::vector<Gap> gaps_of(const std::vector<int32_t>& origins) {
  std::vector<Gap> gaps;
  for (int64_t t = 0; t < core::count_of(origins); ++t) {
    if (origins[static_cast<size_t>(t)] != kNew) {
      continue;
    }
    if (!gaps.empty() && gaps.back().end == t) {
      ++gaps.back().end;
    } else {
      gaps.push_back({t, t + 1});
    }
  }
  return gaps;
}

/// Adds to the rows of a gap the differences at its joins, (width) each, as they fade.
void fade_in(core::Frames& spoken, const Gap& gap, const std::vector<float>& left,
             const std::vector<float>& right, double decay_frames) {
  for (int64_t t = gap.begin; t < gap.end; ++t) {
    const auto from_left =
        static_cast<float>(std::exp(-static_cast<double>(t - gap.begin + 1) / decay_frames));
    const auto from_right =
        static_cast<float>(std::exp(-static_cast<double>(gap.end - t) / decay_frames));
    float* row = spoken.row(t);
    for (int64_t i = 0; i < spoken.width; ++i) {
      row[i] +=
          (left[static_cast<size_t>(i)] * from_left) + (right[static_cast<size_t>(i)] * from_right);
    }
  }
}

/// How far the recording is from what was spoken in a frame, (width); zero beyond the ends.
std::vector<float> difference_at(int64_t frame, const core::Frames& spoken,
                                 const core::Frames& recorded,
                                 const std::vector<int32_t>& origins) {
  std::vector<float> difference(static_cast<size_t>(spoken.width));
  if (frame >= 0 && frame < spoken.rows()) {
    const float* own = recorded.row(origins[static_cast<size_t>(frame)]);
    for (int64_t i = 0; i < spoken.width; ++i) {
      difference[static_cast<size_t>(i)] = own[i] - spoken.row(frame)[i];
    }
  }
  return difference;
}

/// The logarithm of the ratio of the recorded F0 to the spoken, of the first frame from `frame` on,
/// by `step`, that is voiced in both; 0 if there is none near.
float log_ratio_from(int64_t frame, int64_t step, const std::vector<float>& spoken,
                     const std::vector<float>& recorded, const std::vector<int32_t>& origins) {
  for (int64_t i = 0; i < kF0ReachFrames; ++i, frame += step) {
    if (frame < 0 || frame >= core::count_of(spoken)) {
      break;
    }
    const int32_t origin = origins[static_cast<size_t>(frame)];
    if (origin == kNew) {
      break;
    }
    const double own = recorded[static_cast<size_t>(origin)];
    const double other = spoken[static_cast<size_t>(frame)];
    if (own > 0.0 && other > 0.0) {
      const double ratio = std::log(own / other);
      return std::abs(ratio) <= std::log(kMostF0Ratio) ? static_cast<float>(ratio) : 0.0F;
    }
  }
  return 0.0F;
}

}  // namespace

std::vector<int32_t> frame_origins(const std::vector<int32_t>& durations,
                                   const std::vector<int32_t>& origins,
                                   const std::vector<int32_t>& heard) {
  std::vector<int32_t> starts(heard.size());
  for (size_t i = 1; i < heard.size(); ++i) {
    starts[i] = starts[i - 1] + heard[i - 1];
  }
  std::vector<int32_t> frames;
  for (size_t token = 0; token < origins.size(); ++token) {
    const int32_t origin = origins[token];
    for (int32_t i = 0; i < durations[token]; ++i) {
      frames.push_back(origin == kNew ? kNew : starts[static_cast<size_t>(origin)] + i);
    }
  }
  return frames;
}

void infill(core::Frames& spoken, const core::Frames& recorded,
            const std::vector<int32_t>& origins) {
  for (const Gap& gap : gaps_of(origins)) {
    fade_in(spoken, gap, difference_at(gap.begin - 1, spoken, recorded, origins),
            difference_at(gap.end, spoken, recorded, origins), kDecayFrames);
  }
  for (int64_t t = 0; t < spoken.rows(); ++t) {
    const int32_t origin = origins[static_cast<size_t>(t)];
    if (origin != kNew) {
      std::copy_n(recorded.row(origin), spoken.width, spoken.row(t));
    }
  }
}

void infill_f0(std::vector<float>& spoken, const std::vector<float>& recorded,
               const std::vector<int32_t>& origins) {
  core::Frames ratios(core::count_of(spoken), 1);  // logarithms
  for (const Gap& gap : gaps_of(origins)) {
    fade_in(ratios, gap, {log_ratio_from(gap.begin - 1, -1, spoken, recorded, origins)},
            {log_ratio_from(gap.end, 1, spoken, recorded, origins)}, kF0DecayFrames);
  }
  for (size_t t = 0; t < spoken.size(); ++t) {
    spoken[t] = origins[t] == kNew ? spoken[t] * std::exp(ratios.values[t])
                                   : recorded[static_cast<size_t>(origins[t])];
  }
}

void lift_to_background(core::Frames& mel, const core::Frames& recorded,
                        const std::vector<int32_t>& origins) {
  const auto rank =
      static_cast<int64_t>(kBackgroundShare * static_cast<double>(recorded.rows() - 1));
  std::vector<float> levels(static_cast<size_t>(recorded.rows()));
  for (int64_t band = 0; band < mel.width; ++band) {
    for (int64_t t = 0; t < recorded.rows(); ++t) {
      levels[static_cast<size_t>(t)] = recorded.row(t)[band];
    }
    std::nth_element(levels.begin(), levels.begin() + rank, levels.end());
    for (int64_t t = 0; t < mel.rows(); ++t) {
      if (origins[static_cast<size_t>(t)] == kNew) {
        mel.row(t)[band] = std::max(mel.row(t)[band], levels[static_cast<size_t>(rank)]);
      }
    }
  }
}

}  // namespace muspeaker::dsp
