#pragma once

#include <string>
#include <string_view>

#include "node/base/result.h"

namespace idnode {

/// Unified social credit code (统一社会信用代码): 18 characters of GB 32100's alphabet, the
/// organisation code's check character (GB 11714) at 17, and its own at 18. Returns it in upper
/// case. Errors: kInvalidRequest, naming the character at fault and, for a wrong check, the right
/// one.
Result<std::string> CheckCreditCode(std::string_view text);

/// Industry code of GB/T 4754-2017: a section "A" to "T", a division of two digits, a group of
/// three or a class of four, alone ("1952") or after their section ("C1952"). Returns it with its
/// section
/// ("C1952"). Errors: kInvalidRequest.
Result<std::string> CheckIndustry(std::string_view text);
/// Name of a code's section and division; empty where it is not known.
std::string_view IndustryName(std::string_view code, bool chinese);

/// Division code of GB/T 2260: six digits that begin with a province's number and end in 00 where
/// they are a city's. Errors: kInvalidRequest.
Result<std::string> CheckRegion(std::string_view text);
/// Name of the province; empty where it is not known.
std::string_view ProvinceName(std::string_view code, bool chinese);

}  // namespace idnode
