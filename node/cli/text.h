#pragma once

#include <string>
#include <string_view>

#include <absl/strings/substitute.h>

namespace idnode::cli {

enum class Language { kEnglish, kChinese };

/// One message in the languages the client speaks. `$0`, `$1`, … stand for what varies.
struct Text {
  std::string_view en;
  std::string_view zh;

  constexpr std::string_view In(Language language) const {
    return language == Language::kChinese ? zh : en;
  }
};

/// Chinese where LC_ALL, LC_MESSAGES or LANG (the first that is set and not empty) starts with
/// "zh"; English otherwise.
Language LanguageOf(const char* lc_all, const char* lc_messages, const char* lang);

/// The message with `$0`, `$1`, … replaced.
template <typename... Args>
std::string Say(Language language, const Text& text, const Args&... args) {
  const std::string_view format = text.In(language);
  return absl::Substitute(absl::string_view(format.data(), format.size()), args...);
}

}  // namespace idnode::cli
