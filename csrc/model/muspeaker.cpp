#include "model/muspeaker.h"

namespace muspeaker::model {

MuSpeaker::MuSpeaker(core::WeightFile& file, const core::ModelConfig& config)
    : config_(config),
      linguistic_encoder_(file.root() / "linguistic_encoder", config.linguistic_encoder),
      mel_encoder_(file.root() / "mel_encoder", config.mel_encoder),
      vp_flow_(file.root() / "vp_flow", config.vp_flow, config.mel_encoder.latent,
               config.linguistic_encoder.hidden),
      fusion_(file.root() / "fusion", config.mel_encoder.latent, config.linguistic_encoder.hidden),
      style_encoder_(file.root() / "style_encoder", config.style_encoder, config.audio.num_mels),
      timbre_encoder_(file.root() / "timbre_encoder", config.timbre_encoder),
      timbre_projection_(file.root() / "timbre_projection", config.timbre_size(),
                         config.mel_decoder.timbre),
      variation_adapter_(file.root() / "variation_adapter", config.variation_adapter,
                         config.linguistic_encoder.hidden, config.style_encoder.hidden),
      mel_decoder_(file.root() / "mel_decoder", config.mel_decoder,
                   config.linguistic_encoder.hidden, config.audio.num_mels),
      vocoder_(make_vocoder(file.root() / "vocoder", config.vocoder, config.audio)) {
  if (config.aligner) {
    aligner_.emplace(file.root() / "aligner", *config.aligner,
                     config.linguistic_encoder.num_phones);
  }
  if (config.phone_classifier) {
    phone_classifier_.emplace(file.root() / "phone_classifier", *config.phone_classifier,
                              config.audio.num_mels, config.linguistic_encoder.num_phones);
  }
  file.require_all_claimed();
  file.forget_pages();
}

ggml_tensor* MuSpeaker::encode_content(ggml_context* graph, const TokenIds& ids,
                                       ggml_tensor* noise) const {
  ggml_tensor* e_ling = linguistic_encoder_.forward(graph, ids);
  ggml_tensor* e_mel = vp_flow_.inverse(graph, noise, e_ling);
  return fusion_.forward(graph, e_mel, nn::plus(e_ling));  // (1, tokens, hidden)
}

ggml_tensor* MuSpeaker::encode_recording(ggml_context* graph, const TokenIds& ids, ggml_tensor* mel,
                                         ggml_tensor* durations) const {
  ggml_tensor* e_ling = linguistic_encoder_.forward(graph, ids);
  ggml_tensor* e_mel = mel_encoder_.forward(graph, mel, durations).mean;
  return fusion_.forward(graph, e_mel, nn::plus(e_ling));  // (1, tokens, hidden)
}

ggml_tensor* MuSpeaker::decode_mel(ggml_context* graph, ggml_tensor* e_lat, ggml_tensor* timbre,
                                   const MelDecoder* other) const {
  ggml_tensor* e_tim = timbre_projection_.forward(graph, timbre);
  return (other == nullptr ? mel_decoder_ : *other).forward(graph, e_lat, e_tim);
}

}  // namespace muspeaker::model
