#pragma once

#include <string>
#include <vector>

#include "node/cli/text.h"

namespace idnode::cli {

/// A sentence in the languages of the client, with what varies in place: kept in reports, whose
/// reader's language is not known where they are made.
struct Phrase {
  std::string en;
  std::string zh;

  const std::string& In(Language language) const {
    return language == Language::kChinese ? zh : en;
  }
};

template <typename... Args>
Phrase MakePhrase(const Text& text, const Args&... args) {
  return {Say(Language::kEnglish, text, args...), Say(Language::kChinese, text, args...)};
}

}  // namespace idnode::cli
