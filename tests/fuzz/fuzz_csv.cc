// CSV as `idnode import` reads it: records cover the text without gaps, cuts are never mistaken for
// ends, and what is written reads back.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "node/base/check.h"
#include "node/cli/csv.h"

using namespace idnode;

namespace {

void CheckReadsBack(const std::vector<std::string>& fields, char delimiter) {
  std::string line;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (i > 0) line += delimiter;
    cli::AppendCsvField(fields[i], delimiter, line);
  }
  line += '\n';
  cli::CsvRow row;
  IDNODE_CHECK(cli::ParseCsvRecord(line, true, delimiter, row) == cli::CsvParse::kRecord);
  IDNODE_CHECK(row.size == line.size());
  IDNODE_CHECK(!row.malformed);
  IDNODE_CHECK(row.fields.size() == fields.size());
  for (std::size_t i = 0; i < fields.size(); ++i) IDNODE_CHECK(row.fields[i] == fields[i]);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  constexpr char kDelimiters[] = {',', ';', '\t', '|'};
  const char delimiter = kDelimiters[data[0] % sizeof kDelimiters];
  std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  cli::CsvRow row;
  cli::CsvRow cut;
  while (true) {
    const cli::CsvParse parsed = cli::ParseCsvRecord(text, true, delimiter, row);
    IDNODE_CHECK(parsed != cli::CsvParse::kIncomplete);
    if (parsed == cli::CsvParse::kOpenQuote) return 0;
    if (parsed == cli::CsvParse::kEnd) {
      IDNODE_CHECK(text.empty());
      return 0;
    }
    IDNODE_CHECK(row.size > 0 && row.size <= text.size());
    IDNODE_CHECK(row.raw.size() <= row.size && row.size - row.raw.size() <= 2);
    IDNODE_CHECK(!row.fields.empty());
    const std::vector<std::string> fields(row.fields.begin(), row.fields.end());
    // A reader that has half of the record waits for the rest.
    const auto half = cli::ParseCsvRecord(text.substr(0, row.size / 2), false, delimiter, cut);
    IDNODE_CHECK(half == cli::CsvParse::kIncomplete);
    if (row.size < text.size()) {
      IDNODE_CHECK(cli::ParseCsvRecord(text.substr(0, row.size), false, delimiter, cut) ==
                   cli::CsvParse::kRecord);
      IDNODE_CHECK(std::vector<std::string>(cut.fields.begin(), cut.fields.end()) == fields);
    }
    CheckReadsBack(fields, delimiter);
    text.remove_prefix(row.size);
  }
}
