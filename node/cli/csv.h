#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace idnode::cli {

/// One record of delimited text, as views: into the text where a field needs no unquoting, into
/// `scratch` where it does. Valid until the text or this object changes.
struct CsvRow {
  std::vector<std::string_view> fields;
  std::string_view raw;    ///< the record as it stands, without its line end
  std::size_t size = 0;    ///< bytes of the record with its line end
  std::size_t lines = 0;   ///< line ends in it, its own included
  bool malformed = false;  ///< text follows a closing quote
  std::string scratch;
};

enum class CsvParse {
  kRecord,      ///< `row` is filled
  kIncomplete,  ///< the text ends within the record
  kOpenQuote,   ///< the input ends within a quoted field
  kEnd,         ///< nothing is left
};

/// Reads the record at the start of `text` (RFC 4180): fields between `delimiter`s, quoted ones
/// may hold delimiters, line ends and doubled quotes; a line ends with LF or CRLF. Beyond the RFC,
/// as real catalogues need it: a quote inside an unquoted field is text, and text after a closing
/// quote is kept with `malformed` set. `last` says that nothing follows `text`. Pure.
CsvParse ParseCsvRecord(std::string_view text, bool last, char delimiter, CsvRow& row);

/// Appends `field`, quoted where RFC 4180 asks for it.
void AppendCsvField(std::string_view field, char delimiter, std::string& out);

}  // namespace idnode::cli
