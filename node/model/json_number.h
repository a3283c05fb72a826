#pragma once

#include <string>

namespace idnode {

/// Appends a finite number as RFC 8785 §3.2.2.3 has it, which is ECMAScript's Number::toString: the
/// shortest digits that read back the same, plain between 1e-6 and 1e21 and with an exponent
/// outside; "0" for -0 too. One text for each double.
void AppendJsonNumber(double number, std::string& out);

}  // namespace idnode
