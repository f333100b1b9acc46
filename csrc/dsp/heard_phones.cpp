#include "dsp/heard_phones.h"

#include <algorithm>

#include "core/error.h"

namespace muspeaker::dsp {
namespace {

constexpr double kChangeCost = 4.0;  // nats

}  // namespace

HeardPhones heard_phones(const std::vector<float>& log_posterior, int64_t num_phones) {
  core::require_input(num_phones >= 1 && !log_posterior.empty(),
                      "phones need at least one frame to be heard in, got none");
  const auto count = static_cast<size_t>(num_phones);
  const size_t frames = log_posterior.size() / count;
  std::vector<double> best(log_posterior.begin(),
                           log_posterior.begin() + static_cast<int64_t>(count));
  // Phone of the frame before, on the best way to each phone of each frame.
  std::vector<int32_t> before(frames * count, 0);
  for (size_t t = 1; t < frames; ++t) {
    const auto likeliest = std::max_element(best.begin(), best.end());
    const auto from = static_cast<int32_t>(likeliest - best.begin());
    const double change = *likeliest - kChangeCost;
    for (size_t phone = 0; phone < count; ++phone) {
      const bool changes = change > best[phone];
      before[(t * count) + phone] = changes ? from : static_cast<int32_t>(phone);
      best[phone] = (changes ? change : best[phone]) + log_posterior[(t * count) + phone];
    }
  }
  std::vector<int32_t> heard(frames);
  heard.back() = static_cast<int32_t>(std::max_element(best.begin(), best.end()) - best.begin());
  for (size_t t = frames - 1; t > 0; --t) {
    heard[t - 1] = before[(t * count) + static_cast<size_t>(heard[t])];
  }
  HeardPhones result;
  for (size_t t = 0; t < frames; ++t) {
    if (t == 0 || heard[t] != heard[t - 1]) {
      result.phones.push_back(heard[t]);
      result.durations.push_back(0);
    }
    ++result.durations.back();
  }
  return result;
}

}  // namespace muspeaker::dsp
