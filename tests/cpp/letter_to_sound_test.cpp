#include "text/letter_to_sound.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

namespace muspeaker::text {
namespace {

/// The key of the window of the letter itself; see fold in text/letter_features.py.
uint32_t key_of_letter(uint32_t letter) {
  uint32_t key = 0x811C9DC5U * 0x01000193U;
  key ^= key >> 15U;
  key = (key ^ letter) * 0x01000193U;
  return key ^ (key >> 15U);
}

/// Outputs: 0 nothing, 1 a consonant, 2 a vowel with the primary stress, 3 a vowel without.
struct Model {
  Model() {
    const uint32_t a = key_of_letter(1) % Buckets::kCount;
    const uint32_t b = key_of_letter(2) % Buckets::kCount;
    buckets = {static_cast<int32_t>(a < b ? a : b), static_cast<int32_t>(a < b ? b : a)};
    starts = a < b ? std::vector<int32_t>{0, 2, 3} : std::vector<int32_t>{0, 1, 3};
    outputs = a < b ? std::vector<uint8_t>{2, 3, 1} : std::vector<uint8_t>{1, 2, 3};
    weights = a < b ? std::vector<int8_t>{stressed, 4, 5} : std::vector<int8_t>{5, stressed, 4};
  }
  explicit Model(int8_t vowel) : stressed(vowel) {
    const Model other;
    *this = other;
    for (size_t i = 0; i < weights.size(); ++i) {
      weights[i] = outputs[i] == 2 ? vowel : weights[i];
    }
  }

  [[nodiscard]] std::vector<int32_t> read(const std::vector<int32_t>& letters) const {
    const Buckets table{buckets.data(), static_cast<int64_t>(buckets.size())};
    const SparseWeights all{table, starts.data(), outputs.data(), weights.data(),
                            /*num_outputs=*/4};
    return LetterToSound(all, {0, 0, 1, 0}, {0, 1, 1, 1}).read(letters);
  }

  int8_t stressed = 6;
  std::vector<int32_t> buckets;
  std::vector<int32_t> starts;
  std::vector<uint8_t> outputs;
  std::vector<int8_t> weights;
};

TEST(LetterToSound, TheFirstVowelThatGainsHasThePrimaryStress) {
  EXPECT_EQ(Model().read({2, 1, 2, 1}), (std::vector<int32_t>{1, 2, 1, 3}));
}

TEST(LetterToSound, WhereNoneGainsTheOneThatLosesLeastHasIt) {
  EXPECT_EQ(Model(/*vowel=*/3).read({2, 1, 2, 1}), (std::vector<int32_t>{1, 2, 1, 3}));
}

TEST(LetterToSound, NoLettersHaveNoSound) {
  EXPECT_TRUE(Model().read({}).empty());
}

}  // namespace
}  // namespace muspeaker::text
