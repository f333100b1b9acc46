#pragma once

namespace muspeaker::core {

/// Whether the processor has what compilers call x86-64-v2, SSE4.2 and POPCNT among it. True on
/// other families. The engine needs none of it, but NumPy's wheels do, and die without a word.
bool has_x86_64_v2();

}  // namespace muspeaker::core
