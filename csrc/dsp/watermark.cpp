#include "dsp/watermark.h"

#include <algorithm>
#include <cmath>

#include "core/array.h"
#include "dsp/random.h"

namespace muspeaker::dsp {
namespace {

constexpr std::array<uint32_t, 2> kKey = {0x6D757370, 0x65616B72};
constexpr uint32_t kLayoutStream = 1000;  // the codes' streams are their values
constexpr uint32_t kCheckFactor = 0x9E3779B1;

/// Word `index` of a stream of random bits.
uint32_t word(uint32_t stream, int64_t index) {
  const auto counter = static_cast<uint32_t>(index / 4);
  return philox4x32({counter, stream, 0, 0}, kKey)[static_cast<size_t>(index % 4)];
}

/// One byte of the payload for each symbol but the last, which is a sum of them all.
std::array<int64_t, Watermark::kSymbols> symbols_of(uint32_t payload) {
  std::array<int64_t, Watermark::kSymbols> values{};
  for (size_t i = 0; i < 4; ++i) {
    values[i] = (payload >> (8 * i)) & 0xFFU;
  }
  values[4] = (payload * kCheckFactor) >> 24U;
  return values;
}

}  // namespace

const Watermark::Signs& Watermark::symbols() {
  static const Signs carried = [] {
    Signs layout{};
    for (int64_t i = 0; i < kSlots * kCells; ++i) {
      const uint32_t random = word(kLayoutStream, i);
      const bool carries = (random & 3U) == 0;
      layout[static_cast<size_t>(i)] =
          carries ? static_cast<int8_t>(1 + ((random >> 2U) % kSymbols)) : int8_t{0};
    }
    return layout;
  }();
  return carried;
}

Watermark::Signs Watermark::code(int64_t value) {
  constexpr int64_t kBits = 32;
  Signs signs{};
  for (int64_t i = 0; i < kSlots * kCells / kBits; ++i) {
    const uint32_t random = word(static_cast<uint32_t>(value), i);
    for (int64_t bit = 0; bit < kBits; ++bit) {
      const bool up = ((random >> static_cast<uint32_t>(bit)) & 1U) != 0;
      signs[static_cast<size_t>((i * kBits) + bit)] = up ? int8_t{1} : int8_t{-1};
    }
  }
  return signs;
}

Watermark::Watermark(const core::AudioConfig& audio, uint32_t payload)
    : hop_samples_(audio.hop_samples), sample_rate_(audio.sample_rate), signs_(code(kCodes)) {
  const int64_t fft = audio.fft_samples;
  const auto values = symbols_of(payload);
  const Signs& layout = symbols();
  for (int64_t symbol = 1; symbol <= kSymbols; ++symbol) {
    const Signs chosen = code(values[static_cast<size_t>(symbol - 1)]);
    for (size_t i = 0; i < signs_.size(); ++i) {
      signs_[i] = layout[i] == symbol ? chosen[i] : signs_[i];
    }
  }
  std::vector<int64_t> cells;  // of the bins from first_bin_ on
  first_bin_ = ((kLowHz * fft) + sample_rate_ - 1) / sample_rate_;
  for (int64_t bin = first_bin_; bin <= fft / 2; ++bin) {
    const int64_t cell = ((bin * sample_rate_) - (kLowHz * fft)) / (kCellHz * fft);
    if (cell >= kCells) {
      break;
    }
    cells.push_back(cell);
  }
  const double power = std::pow(10.0, kDecibels / 10.0);
  const double mean = (power + (1.0 / power)) / 2.0;  // both together are as loud as none
  const auto up = static_cast<float>(std::sqrt(power / mean));
  const auto down = static_cast<float>(std::sqrt(1.0 / (power * mean)));
  num_bins_ = core::count_of(cells);
  for (int64_t slot = 0; slot < kSlots; ++slot) {
    for (const int64_t cell : cells) {
      gains_.push_back(signs_[static_cast<size_t>((slot * kCells) + cell)] > 0 ? up : down);
    }
  }
}

void Watermark::apply(int64_t frame, float* real, float* imag) const {
  const int64_t slot = (frame * hop_samples_ * kSlotsASecond / sample_rate_) % kSlots;
  const float* __restrict gains = gains_.data() + (slot * num_bins_);
  float* __restrict marked_real = real + first_bin_;
  float* __restrict marked_imag = imag + first_bin_;
  for (int64_t i = 0; i < num_bins_; ++i) {
    marked_real[i] *= gains[i];
    marked_imag[i] *= gains[i];
  }
}

}  // namespace muspeaker::dsp
