#include "node/cli/output.h"

#include <algorithm>
#include <istream>
#include <ostream>
#include <utility>

#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>
#include <boost/json/value.hpp>
#include <google/protobuf/util/json_util.h>

#include "node/base/time_zone.h"
#include "node/cli/client.h"
#include "node/cli/messages.h"

namespace idnode::cli {
namespace {

/// Start of the next UTF-8 sequence; a stray byte counts as one.
std::size_t NextCharacter(std::string_view text, std::size_t at, char32_t& code) {
  const auto lead = static_cast<unsigned char>(text[at]);
  const std::size_t size = lead < 0xC0 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  code = size == 1 ? lead : lead & (0x7FU >> size);
  std::size_t next = at + 1;
  while (next < text.size() && next < at + size &&
         (static_cast<unsigned char>(text[next]) & 0xC0) == 0x80) {
    code = code << 6 | (static_cast<unsigned char>(text[next]) & 0x3F);
    ++next;
  }
  return next;
}

bool IsWide(char32_t code) {
  return (code >= 0x1100 && code <= 0x115F) || (code >= 0x2E80 && code <= 0xA4CF) ||
         (code >= 0xAC00 && code <= 0xD7A3) || (code >= 0xF900 && code <= 0xFAFF) ||
         (code >= 0xFE30 && code <= 0xFE6F) || (code >= 0xFF00 && code <= 0xFF60) ||
         (code >= 0xFFE0 && code <= 0xFFE6) || (code >= 0x1F300 && code <= 0x1FAFF) ||
         (code >= 0x20000 && code <= 0x3FFFD);
}

/// A count or an amount; not a prefix (88.108.1001) or a date.
bool IsNumber(std::string_view cell) {
  if (!cell.empty() && cell.front() == '-') cell.remove_prefix(1);
  return cell.find_first_of("0123456789") != std::string_view::npos &&
         cell.find_first_not_of("0123456789,.") == std::string_view::npos &&
         cell.find('.') == cell.rfind('.');
}

ExitCode FailOn(std::ostream& json_stream, Environment& environment, const Error& error) {
  if (environment.options.json) {
    json_stream << ErrorJson(error) << '\n' << std::flush;
    return ExitCodeOf(error.code);
  }
  const Language language = environment.language;
  const std::string detail = Printable(error.detail);
  environment.err << (error.field.empty()
                          ? Say(language, messages::kError, detail)
                          : Say(language, messages::kErrorField, detail, Printable(error.field)))
                  << '\n';
  if (error.code == Errc::kUnauthenticated) {
    environment.err << messages::kHintToken.In(language) << '\n';
  }
  environment.err << std::flush;
  return ExitCodeOf(error.code);
}

}  // namespace

std::size_t DisplayWidth(std::string_view text) {
  std::size_t width = 0;
  for (std::size_t at = 0; at < text.size();) {
    char32_t code = 0;
    at = NextCharacter(text, at, code);
    width += IsWide(code) ? 2 : 1;
  }
  return width;
}

std::string Printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    char32_t code = 0;
    const std::size_t next = NextCharacter(text, at, code);
    const bool control = code < 0x20 || (code >= 0x7F && code < 0xA0);
    if (control) {
      out += code == '\n' || code == '\t' ? ' ' : '?';
    } else {
      out.append(text.substr(at, next - at));
    }
    at = next;
  }
  return out;
}

std::string Table::Text() const {
  std::vector<std::size_t> widths(rows_.front().size(), 0);
  std::vector<bool> numeric(rows_.front().size(), rows_.size() > 1);
  for (std::size_t r = 0; r < rows_.size(); ++r) {
    for (std::size_t c = 0; c < rows_[r].size(); ++c) {
      widths[c] = std::max(widths[c], DisplayWidth(rows_[r][c]));
      if (r > 0 && !IsNumber(rows_[r][c])) numeric[c] = false;
    }
  }
  std::string out;
  for (const auto& row : rows_) {
    std::string line;
    for (std::size_t c = 0; c < row.size(); ++c) {
      const std::string pad(widths[c] - DisplayWidth(row[c]), ' ');
      line += numeric[c] ? pad + row[c] : row[c] + pad;
      line += "  ";
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + '\n';
  }
  return out;
}

std::string PairsText(const std::vector<std::pair<cli::Text, std::string>>& pairs,
                      Language language) {
  std::size_t width = 0;
  for (const auto& [name, value] : pairs) {
    if (!value.empty()) width = std::max(width, DisplayWidth(name.In(language)));
  }
  std::string text;
  for (const auto& [name, value] : pairs) {
    if (value.empty()) continue;
    const std::string_view label = name.In(language);
    text += std::string(label) + std::string(width - DisplayWidth(label) + 2, ' ') +
            Printable(value) + "\n";
  }
  return text;
}

std::string FormatCount(std::int64_t count) {
  std::string digits = std::to_string(count);
  const std::ptrdiff_t first = count < 0 ? 1 : 0;
  for (auto at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > first; at -= 3) {
    digits.insert(static_cast<std::size_t>(at), 1, ',');
  }
  return digits;
}

std::string FormatTimestamp(const google::protobuf::Timestamp& time) {
  if (time.seconds() == 0 && time.nanos() == 0) return {};
  return FormatUtcMs(time.seconds() * 1000 + time.nanos() / 1'000'000);
}

std::string ToJson(const google::protobuf::Message& message, bool defaults) {
  google::protobuf::util::JsonPrintOptions options;
  options.always_print_primitive_fields = defaults;
  std::string json;
  const auto status = google::protobuf::util::MessageToJsonString(message, &json, options);
  IDNODE_CHECK(status.ok());  // messages of our own, received as valid ones
  return json;
}

std::string JsonString(std::string_view text) {
  return boost::json::serialize(boost::json::string_view(text.data(), text.size()));
}

std::string ErrorJson(const Error& error) {
  std::string json = R"({"error":{"slug":)" + JsonString(SlugOf(error.code)) + R"(,"detail":)" +
                     JsonString(error.detail);
  if (!error.field.empty()) json += R"(,"field":)" + JsonString(error.field);
  return json + "}}";
}

ExitCode Fail(Environment& environment, const Error& error) {
  return FailOn(environment.out, environment, error);
}

ExitCode FailBesideData(Environment& environment, const Error& error) {
  return FailOn(environment.err, environment, error);
}

ExitCode FailUsage(Environment& environment, std::string detail, std::string field) {
  Fail(environment, Error(Errc::kInvalidRequest, std::move(detail), std::move(field)));
  return kExitUsage;
}

std::unique_ptr<Client> Connect(Environment& environment) {
  auto client = Client::Create(environment.options);
  if (client.ok()) return *std::move(client);
  FailUsage(environment, client.error().detail, client.error().field);
  return nullptr;
}

bool Confirm(Environment& environment, const std::string& question) {
  if (!environment.in_is_terminal || !environment.err_is_terminal) return false;
  environment.err << question << std::flush;
  std::string answer;
  std::getline(environment.in, answer);
  return answer == "yes";
}

std::string ShellQuoted(std::string_view word) {
  constexpr std::string_view kSafe =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:=,@+%";
  if (!word.empty() && word.find_first_not_of(kSafe) == std::string_view::npos) {
    return std::string(word);
  }
  std::string out = "'";
  for (const char c : word) {
    if (c == '\'') {
      out += "'\\''";
    } else {
      out += c;
    }
  }
  return out + "'";
}

}  // namespace idnode::cli
