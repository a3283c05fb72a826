#include "node/model/json_number.h"

#include <array>
#include <charconv>
#include <cstdlib>
#include <string_view>

namespace idnode {

void AppendJsonNumber(double number, std::string& out) {
  if (number == 0) {  // -0 too
    out += '0';
    return;
  }
  std::array<char, 32> text;
  const auto end =
      std::to_chars(text.data(), text.data() + text.size(), number, std::chars_format::scientific);
  std::string_view rest(text.data(), static_cast<std::size_t>(end.ptr - text.data()));
  if (rest.front() == '-') {
    out += '-';
    rest.remove_prefix(1);
  }
  const std::size_t e = rest.find('e');
  int exponent = 0;
  const std::size_t exponent_at = rest[e + 1] == '+' ? e + 2 : e + 1;
  std::from_chars(rest.data() + exponent_at, rest.data() + rest.size(), exponent);
  std::string digits(1, rest.front());
  if (e > 2) digits += rest.substr(2, e - 2);
  const int count = static_cast<int>(digits.size());
  const int point = exponent + 1;  // where the decimal point stands, counted from the first digit

  if (point > 21 || point <= -6) {
    out += digits.front();
    if (count > 1) {
      out += '.';
      out.append(digits, 1);
    }
    out += exponent < 0 ? "e-" : "e+";
    out += std::to_string(std::abs(exponent));
  } else if (point <= 0) {
    out += "0.";
    out.append(static_cast<std::size_t>(-point), '0');
    out += digits;
  } else if (count <= point) {
    out += digits;
    out.append(static_cast<std::size_t>(point - count), '0');
  } else {
    out.append(digits, 0, static_cast<std::size_t>(point));
    out += '.';
    out.append(digits, static_cast<std::size_t>(point));
  }
}

}  // namespace idnode
