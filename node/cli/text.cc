#include "node/cli/text.h"

namespace idnode::cli {

Language LanguageOf(const char* lc_all, const char* lc_messages, const char* lang) {
  for (const char* name : {lc_all, lc_messages, lang}) {
    if (name == nullptr || *name == '\0') continue;
    return std::string_view(name).substr(0, 2) == "zh" ? Language::kChinese : Language::kEnglish;
  }
  return Language::kEnglish;
}

}  // namespace idnode::cli
