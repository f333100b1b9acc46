#include "dsp/heard_phones.h"

#include <algorithm>

#include "core/error.h"

namespace muspeaker::dsp {
namespace {

constexpr double kChangeCost = 4.0;  // nats

}  // namespace

HeardPhones heard_phones(const core::Frames& log_posterior) {
  const int64_t count = log_posterior.width;
  core::require_input(count >= 1 && !log_posterior.empty(),
                      "phones need at least one frame to be heard in, got none");
  const int64_t frames = log_posterior.rows();
  std::vector<double> scores(log_posterior.row(0), log_posterior.row(0) + count);
  double* best = scores.data();
  // Phone of the frame before, on the best way to each phone of each frame.
  core::Matrix<int32_t> before(frames, count);
  for (int64_t t = 1; t < frames; ++t) {
    const double* likeliest = std::max_element(best, best + count);
    const auto from = static_cast<int32_t>(likeliest - best);
    const double change = *likeliest - kChangeCost;
    for (int64_t phone = 0; phone < count; ++phone) {
      const bool changes = change > best[phone];
      before.row(t)[phone] = changes ? from : static_cast<int32_t>(phone);
      best[phone] = (changes ? change : best[phone]) + log_posterior.row(t)[phone];
    }
  }
  std::vector<int32_t> heard_ids(static_cast<size_t>(frames));
  int32_t* heard = heard_ids.data();
  heard[frames - 1] = static_cast<int32_t>(std::max_element(best, best + count) - best);
  for (int64_t t = frames - 1; t > 0; --t) {
    heard[t - 1] = before.row(t)[heard[t]];
  }
  HeardPhones result;
  for (int64_t t = 0; t < frames; ++t) {
    if (t == 0 || heard[t] != heard[t - 1]) {
      result.phones.push_back(heard[t]);
      result.durations.push_back(0);
    }
    ++result.durations.back();
  }
  return result;
}

}  // namespace muspeaker::dsp
