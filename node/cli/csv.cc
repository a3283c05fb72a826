#include "node/cli/csv.h"

#include <algorithm>

namespace idnode::cli {
namespace {

/// Reads the fields of one record; `at` is where it stands in the text.
class Parser {
 public:
  Parser(std::string_view text, bool last, char delimiter, CsvRow& row)
      : text_(text), last_(last), delimiter_(delimiter), row_(row) {}

  CsvParse Run() {
    while (true) {
      const CsvParse field = at_ < text_.size() && text_[at_] == '"' ? Quoted() : Plain();
      if (field != CsvParse::kRecord) return field;
      if (at_ == text_.size()) {
        if (!last_) return CsvParse::kIncomplete;
        return Finish(at_, at_);
      }
      if (text_[at_] == delimiter_) {
        ++at_;
        continue;
      }
      const bool carriage_return = text_[at_] == '\r';
      return Finish(at_, at_ + (carriage_return ? 2 : 1));
    }
  }

 private:
  /// True at the delimiter, LF, or CR before LF.
  bool AtFieldEnd() const {
    const char c = text_[at_];
    if (c == delimiter_ || c == '\n') return true;
    return c == '\r' && at_ + 1 < text_.size() && text_[at_ + 1] == '\n';
  }

  void SkipToFieldEnd() {
    while (at_ < text_.size() && !AtFieldEnd()) ++at_;
  }

  CsvParse Plain() {
    const std::size_t start = at_;
    SkipToFieldEnd();
    row_.fields.push_back(text_.substr(start, at_ - start));
    return CsvParse::kRecord;
  }

  CsvParse Quoted() {
    const std::size_t start = ++at_;
    std::size_t scratch_start = std::string::npos;  // set once a doubled quote was met
    std::size_t copied = start;
    while (true) {
      at_ = std::min(text_.find('"', at_), text_.size());
      if (at_ == text_.size()) return last_ ? CsvParse::kOpenQuote : CsvParse::kIncomplete;
      if (at_ + 1 == text_.size() && !last_) return CsvParse::kIncomplete;
      if (at_ + 1 < text_.size() && text_[at_ + 1] == '"') {
        scratch_start = Unquote(copied, at_ + 1, scratch_start);
        at_ += 2;
        copied = at_;
        continue;
      }
      break;
    }
    const std::size_t close = at_++;
    const std::size_t tail = at_;
    SkipToFieldEnd();
    if (at_ == tail && scratch_start == std::string::npos) {
      row_.fields.push_back(text_.substr(start, close - start));
      return CsvParse::kRecord;
    }
    scratch_start = Unquote(copied, close, scratch_start);
    if (at_ > tail) {
      row_.malformed = true;
      Unquote(tail, at_, scratch_start);
    }
    row_.fields.push_back(std::string_view(row_.scratch).substr(scratch_start));
    return CsvParse::kRecord;
  }

  /// Copies a piece into the scratch; gives where the field starts in it. All pieces of a record
  /// are shorter than the text, so one reservation keeps earlier views valid.
  std::size_t Unquote(std::size_t from, std::size_t to, std::size_t scratch_start) {
    if (row_.scratch.capacity() < text_.size()) row_.scratch.reserve(text_.size());
    if (scratch_start == std::string::npos) scratch_start = row_.scratch.size();
    row_.scratch.append(text_.substr(from, to - from));
    return scratch_start;
  }

  CsvParse Finish(std::size_t raw_end, std::size_t end) {
    row_.raw = text_.substr(0, raw_end);
    row_.size = end;
    const std::string_view all = text_.substr(0, end);
    row_.lines = static_cast<std::size_t>(std::count(all.begin(), all.end(), '\n'));
    return CsvParse::kRecord;
  }

  const std::string_view text_;
  const bool last_;
  const char delimiter_;
  CsvRow& row_;
  std::size_t at_ = 0;
};

}  // namespace

CsvParse ParseCsvRecord(std::string_view text, bool last, char delimiter, CsvRow& row) {
  row.fields.clear();
  row.scratch.clear();
  row.malformed = false;
  if (text.empty()) return last ? CsvParse::kEnd : CsvParse::kIncomplete;
  return Parser(text, last, delimiter, row).Run();
}

void AppendCsvField(std::string_view field, char delimiter, std::string& out) {
  const char special[] = {delimiter, '"', '\r', '\n'};
  if (field.find_first_of(std::string_view(special, sizeof special)) == std::string_view::npos) {
    out.append(field);
    return;
  }
  out += '"';
  for (const char c : field) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
}

}  // namespace idnode::cli
