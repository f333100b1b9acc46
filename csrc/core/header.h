#pragma once

#include <gguf.h>

#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

namespace muspeaker::core {

/// One value of a file's header, whatever its width there.
using HeaderValue = std::variant<bool, int64_t, double, std::string, std::vector<int64_t>,
                                 std::vector<double>, std::vector<std::string>>;

/// Every header value whose key begins with `prefix`, by the rest of the key. Nothing is required
/// of them; read_config does that.
std::map<std::string, HeaderValue> header_values(const gguf_context* header,
                                                 const std::string& prefix);

}  // namespace muspeaker::core
