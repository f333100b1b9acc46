#include <pybind11/stl.h>

#include <algorithm>

#include "bindings/array.h"
#include "bindings/bindings.h"
#include "text/letter_to_sound.h"
#include "text/tagger.h"

namespace py = pybind11;

namespace muspeaker::bindings {
namespace {

using Int8Array = py::array_t<int8_t, py::array::c_style | py::array::forcecast>;
using Uint8Array = py::array_t<uint8_t, py::array::c_style | py::array::forcecast>;
using Int64Array = py::array_t<int64_t, py::array::c_style | py::array::forcecast>;

text::Buckets borrowed(const IntArray& buckets) {
  require_axes(buckets, 1, "buckets");
  core::require_input(std::is_sorted(buckets.data(), buckets.data() + buckets.size()),
                      "buckets must be ascending");
  return {buckets.data(), buckets.size()};
}

/// A letter-to-sound model with the arrays that it borrows.
class BoundLetterToSound {
 public:
  BoundLetterToSound(IntArray buckets, IntArray starts, Uint8Array outputs, Int8Array weights,
                     const Uint8Array& is_primary, const Uint8Array& is_sounded)
      : buckets_(std::move(buckets)),
        starts_(std::move(starts)),
        outputs_(std::move(outputs)),
        weights_(std::move(weights)),
        reader_(checked(is_primary, is_sounded), to_vector(is_primary, "is_primary"),
                to_vector(is_sounded, "is_sounded")) {}

  [[nodiscard]] std::vector<int32_t> read(const std::vector<int32_t>& letters) const {
    for (const int32_t letter : letters) {
      core::require_input(letter > 0 && letter < text::LetterToSound::kNumLetters,
                          "letters must be 1 to " +
                              std::to_string(text::LetterToSound::kNumLetters - 1) + ", got " +
                              std::to_string(letter));
    }
    return reader_.read(letters);
  }

 private:
  [[nodiscard]] text::SparseWeights checked(const Uint8Array& is_primary,
                                            const Uint8Array& is_sounded) const {
    const int64_t num_outputs = is_primary.size();
    const uint8_t* primary = is_primary.data();
    const auto stressed =
        std::count_if(primary, primary + num_outputs, [](uint8_t is) { return is != 0; });
    core::require_input(
        stressed > 0 && stressed < num_outputs && is_sounded.size() == num_outputs,
        "is_primary and is_sounded must be of one length, with chunks of both kinds");
    core::require_input(starts_.size() == buckets_.size() + 1 && starts_.at(0) == 0 &&
                            std::is_sorted(starts_.data(), starts_.data() + starts_.size()) &&
                            starts_.at(starts_.size() - 1) == weights_.size() &&
                            outputs_.size() == weights_.size(),
                        "starts must be ascending, from 0 to the number of outputs and of weights, "
                        "one more than buckets");
    core::require_input(std::all_of(outputs_.data(), outputs_.data() + outputs_.size(),
                                    [&](uint8_t output) { return output < num_outputs; }),
                        "outputs must be below " + std::to_string(num_outputs));
    return {borrowed(buckets_), starts_.data(), outputs_.data(), weights_.data(), num_outputs};
  }

  IntArray buckets_;
  IntArray starts_;
  Uint8Array outputs_;
  Int8Array weights_;
  text::LetterToSound reader_;
};

/// A tagger with the arrays that it borrows.
class BoundTagger {
 public:
  BoundTagger(IntArray buckets, Int8Array weights, const std::vector<std::string>& names,
              const std::string& start)
      : buckets_(std::move(buckets)),
        weights_(std::move(weights)),
        tagger_(checked(names), names, start) {}

  [[nodiscard]] std::vector<int32_t> tag(const Int64Array& features,
                                         const std::vector<std::string>& words) const {
    require_axes(features, 2, "features");
    core::require_input(
        features.shape(0) == static_cast<int64_t>(words.size()) &&
            features.shape(1) == text::Tagger::kNumFeatures,
        "features must be (words, " + std::to_string(text::Tagger::kNumFeatures) + ")");
    return tagger_.tag(features.data(), words);
  }

 private:
  [[nodiscard]] text::FeatureWeights checked(const std::vector<std::string>& names) const {
    require_axes(weights_, 2, "weights");
    const auto num_outputs = static_cast<int64_t>(names.size());
    core::require_input(
        num_outputs > 0 && weights_.shape(1) == num_outputs && weights_.shape(0) >= buckets_.size(),
        "weights must be (buckets, names)");
    return {borrowed(buckets_), weights_.data(), num_outputs};
  }

  IntArray buckets_;
  Int8Array weights_;
  text::Tagger tagger_;
};

}  // namespace

void bind_reader(py::module_& module) {
  py::class_<BoundLetterToSound>(module, "LetterToSound", "Reads words that no lexicon has.")
      .def(py::init<IntArray, IntArray, Uint8Array, Int8Array, Uint8Array, Uint8Array>(),
           py::arg("buckets"), py::arg("starts"), py::arg("outputs"), py::arg("weights"),
           py::kw_only(), py::arg("is_primary"), py::arg("is_sounded"))
      .def("read", &BoundLetterToSound::read, py::arg("letters"));
  py::class_<BoundTagger>(module, "Tagger", "Tells parts of speech.")
      .def(py::init<IntArray, Int8Array, const std::vector<std::string>&, const std::string&>(),
           py::arg("buckets"), py::arg("weights"), py::arg("names"), py::arg("start"))
      .def("tag", &BoundTagger::tag, py::arg("features"), py::arg("words"));
}

}  // namespace muspeaker::bindings
