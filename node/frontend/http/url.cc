#include "node/frontend/http/url.h"

#include <charconv>
#include <initializer_list>
#include <utility>

#include "node/frontend/beast_util/header_list.h"

namespace idnode::frontend::http {
namespace {

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = AsciiLower(c);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

Error BadParameter(std::string detail, std::string_view name) {
  return Error(Errc::kInvalidRequest, std::move(detail), std::string(name));
}

Result<std::string> DecodeParameter(std::string_view text) {
  std::string spaced(text);
  for (char& c : spaced) {
    if (c == '+') c = ' ';
  }
  std::string scratch;
  const auto decoded = PercentDecode(spaced, scratch);
  if (!decoded) {
    return Error(Errc::kInvalidRequest,
                 "the query holds a malformed percent escape; write % as %25");
  }
  return std::string(*decoded);
}

}  // namespace

Target SplitTarget(std::string_view target) {
  target = target.substr(0, target.find('#'));
  const std::size_t mark = target.find('?');
  if (mark == std::string_view::npos) return {target, {}};
  return {target.substr(0, mark), target.substr(mark + 1)};
}

std::optional<std::string_view> PercentDecode(std::string_view text, std::string& scratch) {
  if (text.find('%') == std::string_view::npos) return text;
  scratch.clear();
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      scratch.push_back(text[i]);
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    const int high = HexDigit(text[i + 1]);
    const int low = HexDigit(text[i + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    scratch.push_back(static_cast<char>(high << 4 | low));
    i += 2;
  }
  return scratch;
}

Result<Query> Query::Parse(std::string_view query) {
  Query parsed;
  while (!query.empty()) {
    const std::size_t end = query.find('&');
    const std::string_view part = query.substr(0, end);
    query = end == std::string_view::npos ? std::string_view() : query.substr(end + 1);
    if (part.empty()) continue;
    if (parsed.parameters_.size() == kQueryParametersMax) {
      return Error(Errc::kInvalidRequest, "there are too many query parameters");
    }
    const std::size_t equals = part.find('=');
    auto name = DecodeParameter(part.substr(0, equals));
    if (!name.ok()) return name.error();
    auto value = DecodeParameter(equals == std::string_view::npos ? std::string_view()
                                                                  : part.substr(equals + 1));
    if (!value.ok()) return value.error();
    if (parsed.Find(*name) != nullptr) return BadParameter("the parameter is given twice", *name);
    parsed.parameters_.emplace_back(*std::move(name), *std::move(value));
  }
  return parsed;
}

const std::string* Query::Find(std::string_view name) const {
  for (const auto& [key, value] : parameters_) {
    if (key == name) return &value;
  }
  return nullptr;
}

Result<void> Query::Only(std::initializer_list<std::string_view> allowed) const {
  for (const auto& [key, value] : parameters_) {
    bool known = false;
    for (const std::string_view name : allowed) known = known || key == name;
    if (!known) return BadParameter("there is no parameter \"" + key + "\" here", key);
  }
  return {};
}

Result<std::uint32_t> Query::Number(std::string_view name) const {
  const std::string* text = Find(name);
  if (text == nullptr) return std::uint32_t{0};
  std::uint32_t number = 0;
  const auto [end, ec] = std::from_chars(text->data(), text->data() + text->size(), number);
  if (ec != std::errc() || end != text->data() + text->size()) {
    return BadParameter("\"" + *text + "\" is not a number from 0 to 4294967295", name);
  }
  return number;
}

Result<bool> Query::Flag(std::string_view name) const {
  const std::string* text = Find(name);
  if (text == nullptr || *text == "false") return false;
  if (*text == "true") return true;
  return BadParameter("\"" + *text + "\" is neither true nor false", name);
}

std::optional<std::string> SafeLocation(std::string_view url) {
  const auto has_scheme = [&](std::string_view scheme) {
    return url.size() > scheme.size() && EqualsIgnoringCase(url.substr(0, scheme.size()), scheme);
  };
  if (!has_scheme("http://") && !has_scheme("https://")) return std::nullopt;
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string location;
  for (const char c : url) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= 0x20 || byte == 0x7f) return std::nullopt;
    if (byte < 0x80) {
      location.push_back(c);
      continue;
    }
    location.push_back('%');
    location.push_back(kDigits[byte >> 4]);
    location.push_back(kDigits[byte & 15]);
  }
  if (location.size() > kLocationBytesMax) return std::nullopt;
  return location;
}

}  // namespace idnode::frontend::http
