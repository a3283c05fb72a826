#include "node/ledger/statement.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <map>
#include <set>
#include <utility>

#include "node/base/text.h"

namespace idnode::ledger {
namespace {

constexpr std::string_view kTitle = " registration statement v1";
constexpr std::string_view kColumns =
    "key first-ever registrations re-registrations deletions net reported-upward";
constexpr std::string_view kRowPrefix = "by-";

struct FigureName {
  std::string_view name;
  std::int64_t StatementFigures::*member;  // null: net, which is computed
};
constexpr FigureName kFigures[] = {
    {"first-ever", &StatementFigures::first_ever},
    {"registrations", &StatementFigures::registrations},
    {"re-registrations", &StatementFigures::re_registrations},
    {"deletions", &StatementFigures::deletions},
    {"net", nullptr},
    {"reported-upward", &StatementFigures::reported_upward},
};

/// Names that lines have, which evidence must not take.
constexpr std::string_view kFixedNames[] = {
    "month",    "time-zone", "status",       "tree-start",      "tree-end",   "first-ever",
    "net",      "deletions", "target",       "registrations",   "target-met", "reported-upward",
    "previous", "columns",   "generated-at", "re-registrations"};

constexpr std::string_view kBreakdownNames[kBreakdowns] = {
    "day",    "secondary-prefix", "enterprise-prefix", "industry",
    "region", "application",      "template",          "object-class"};

Error Invalid(std::string_view field, std::string_view what) {
  return Error(Errc::kInvalidValue,
               "the statement's " + std::string(field) + " " + std::string(what),
               std::string(field));
}

bool IsControl(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

bool IsPlainText(std::string_view text) {
  return std::none_of(text.begin(), text.end(), IsControl) && IsUtf8(text);
}

bool IsEvidenceName(std::string_view name) {
  if (name.empty() || name.size() > 64 || name.starts_with(kRowPrefix)) return false;
  for (char c : name) {
    if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-')) return false;
  }
  return std::find(std::begin(kFixedNames), std::end(kFixedNames), name) == std::end(kFixedNames);
}

void AppendEscapedByte(char c, std::string& out) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  const auto byte = static_cast<unsigned char>(c);
  out += '%';
  out += kHex[byte >> 4];
  out += kHex[byte & 15];
}

/// "%HH" for "%", control characters, `also`, and every byte beyond ASCII if the whole is not
/// UTF-8.
std::string Escape(std::string_view text, std::string_view also) {
  const bool utf8 = IsUtf8(text);
  std::string out;
  for (char c : text) {
    const bool escaped = c == '%' || IsControl(c) || also.find(c) != std::string_view::npos ||
                         (!utf8 && static_cast<unsigned char>(c) >= 0x80);
    if (escaped) {
      AppendEscapedByte(c, out);
    } else {
      out += c;
    }
  }
  return out;
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::optional<std::string> Unescape(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    if (text.size() - i < 3) return std::nullopt;
    const int high = HexDigit(text[i + 1]);
    const int low = HexDigit(text[i + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

void AppendLine(std::string_view name, std::string_view value, std::string& out) {
  out.append(name).append(": ").append(value).append("\n");
}

std::int64_t FigureValue(const StatementFigures& figures, const FigureName& name) {
  return name.member == nullptr ? figures.net() : figures.*name.member;
}

std::string TreeText(const TreeHead& tree) {
  return std::to_string(tree.size) + " " + HashText(tree.root);
}

/// Net must fit too, so that neither side meets an overflow.
bool AreFiguresBounded(const StatementFigures& figures) {
  constexpr std::int64_t kMost = std::int64_t{1} << 62;
  for (const FigureName& name : kFigures) {
    if (name.member == nullptr) continue;
    const std::int64_t value = figures.*name.member;
    if (value >= kMost || value <= -kMost) return false;
  }
  return true;
}

bool RowBefore(const StatementRow* a, const StatementRow* b) {
  return a->breakdown != b->breakdown ? a->breakdown < b->breakdown : a->key < b->key;
}

Result<void> AppendRows(const std::vector<StatementRow>& rows, std::string& text) {
  if (rows.size() > kStatementRowsMax) return Invalid("rows", "are too many");
  std::vector<const StatementRow*> ordered;
  for (const StatementRow& row : rows) ordered.push_back(&row);
  std::sort(ordered.begin(), ordered.end(), RowBefore);
  for (std::size_t i = 0; i < ordered.size(); ++i) {
    const StatementRow& row = *ordered[i];
    if (i > 0 && !RowBefore(ordered[i - 1], &row)) return Invalid("rows", "have a key twice");
    if (row.key.size() > kStatementValueBytesMax) return Invalid("rows", "have a key too long");
    if (!AreFiguresBounded(row.figures)) return Invalid("rows", "have a figure beyond 2^62");
    text.append(kRowPrefix).append(BreakdownName(row.breakdown)).append(": ");
    text += EscapeStatementKey(row.key);
    for (const FigureName& name : kFigures) {
      text += ' ';
      text += std::to_string(FigureValue(row.figures, name));
    }
    text += '\n';
  }
  return {};
}

Result<void> AppendEvidence(const std::vector<std::pair<std::string, std::string>>& evidence,
                            std::string& text) {
  if (evidence.size() > kStatementEvidenceMax) return Invalid("evidence", "is too much");
  std::set<std::string_view> seen;
  for (const auto& [name, value] : evidence) {
    if (!IsEvidenceName(name)) return Invalid("evidence", "has a bad name: " + Escape(name, {}));
    if (!seen.insert(name).second) return Invalid("evidence", "has a name twice: " + name);
    if (value.empty() || value.size() > kStatementValueBytesMax) {
      return Invalid("evidence", "has an empty value, or one too long: " + name);
    }
    AppendLine(name, Escape(value, {}), text);
  }
  return {};
}

// ---- reading ---------------------------------------------------------------------------------

/// Reads "name: value" lines in order; remembers the first fault and the line it was on.
class Lines {
 public:
  explicit Lines(std::string_view text) : rest_(text) {}

  bool failed() const { return failed_; }
  bool done() const { return rest_.empty(); }

  /// The name of the next line; empty at the end.
  std::string_view NextName() const {
    const std::string_view line = rest_.substr(0, rest_.find('\n'));
    const std::size_t colon = line.find(": ");
    return colon == std::string_view::npos ? std::string_view() : line.substr(0, colon);
  }

  std::string_view TakeLine() {
    ++number_;
    const std::size_t end = rest_.find('\n');
    if (end == std::string_view::npos) {
      Fail("a line end is missing");
      return {};
    }
    const std::string_view line = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    return line;
  }

  /// The value of the next line, which must be called `name`.
  std::string_view Take(std::string_view name) {
    if (failed_) return {};
    if (NextName() != name) {
      ++number_;
      Fail("\"" + std::string(name) + ": \" is expected");
      return {};
    }
    const std::string_view line = TakeLine();
    return failed_ ? std::string_view() : line.substr(name.size() + 2);
  }

  std::int64_t Number(std::string_view text) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size()) Fail("a number is expected");
    return number;
  }

  void Fail(std::string what) {
    if (failed_) return;
    failed_ = true;
    fault_ = "line " + std::to_string(number_) + ": " + std::move(what);
  }

  Error TheError() const { return Error(Errc::kInvalidRequest, "not a statement: " + fault_); }

 private:
  std::string_view rest_;
  std::size_t number_ = 0;
  bool failed_ = false;
  std::string fault_;
};

void TakeTree(std::string_view name, Lines& lines, TreeHead& tree) {
  const std::string_view value = lines.Take(name);
  const std::size_t space = value.find(' ');
  if (space == std::string_view::npos) return lines.Fail("a size and a root are expected");
  const std::int64_t size = lines.Number(value.substr(0, space));
  if (size < 0) return lines.Fail("a tree size is not below 0");
  tree.size = static_cast<std::uint64_t>(size);
  const auto root = ParseHashText(value.substr(space + 1));
  if (!root.ok()) return lines.Fail("the root is " + root.error().detail);
  tree.root = *root;
}

void SetFigure(const FigureName& name, std::int64_t value, StatementFigures& figures) {
  if (name.member != nullptr) figures.*name.member = value;
}

void TakeRow(Breakdown breakdown, Lines& lines, Statement& statement) {
  if (statement.rows.size() == kStatementRowsMax) return lines.Fail("too many rows");
  std::string_view value =
      lines.Take(std::string(kRowPrefix) + std::string(BreakdownName(breakdown)));
  StatementRow row;
  row.breakdown = breakdown;
  const std::size_t space = value.find(' ');
  const auto key = Unescape(value.substr(0, space));
  if (space == std::string_view::npos || !key) return lines.Fail("a row has no key");
  if (value.substr(0, space) == "*") {
    row.key = kStatementOthersKey;
  } else if (value.substr(0, space) != "-") {
    row.key = *key;
  }
  value.remove_prefix(space + 1);
  for (const FigureName& name : kFigures) {
    const std::size_t end = std::min(value.find(' '), value.size());
    SetFigure(name, lines.Number(value.substr(0, end)), row.figures);
    value.remove_prefix(std::min(end + 1, value.size()));
  }
  if (!AreFiguresBounded(row.figures)) return lines.Fail("a figure is beyond 2^62");
  statement.rows.push_back(std::move(row));
}

void TakeRows(Lines& lines, Statement& statement) {
  for (std::size_t i = 0; i < kBreakdowns; ++i) {
    const auto breakdown = static_cast<Breakdown>(i);
    while (!lines.failed() && lines.NextName().starts_with(kRowPrefix) &&
           lines.NextName().substr(kRowPrefix.size()) == BreakdownName(breakdown)) {
      TakeRow(breakdown, lines, statement);
    }
  }
}

void TakeEvidence(Lines& lines, Statement& statement) {
  while (!lines.failed() && lines.NextName() != "generated-at") {
    if (lines.NextName().empty()) return lines.Fail("evidence or \"generated-at: \" is expected");
    if (statement.evidence.size() == kStatementEvidenceMax) return lines.Fail("too much evidence");
    const std::string name(lines.NextName());
    const auto value = Unescape(lines.Take(name));
    if (!value) return lines.Fail("a value is escaped wrongly");
    statement.evidence.emplace_back(name, *value);
  }
}

/// "2026-11-22T02:00:00.123Z"; what FormatUtcMs does not write alike is refused by the caller.
std::optional<std::int64_t> ParseUtcMs(std::string_view text) {
  constexpr std::string_view kShape = "0000-00-00T00:00:00.000Z";
  if (text.size() != kShape.size()) return std::nullopt;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool digit = text[i] >= '0' && text[i] <= '9';
    if (kShape[i] == '0' ? !digit : text[i] != kShape[i]) return std::nullopt;
  }
  const auto number = [&](std::size_t at, std::size_t size) {
    int value = 0;
    std::from_chars(text.data() + at, text.data() + at + size, value);
    return value;
  };
  const std::chrono::year_month_day date(std::chrono::year(number(0, 4)),
                                         std::chrono::month(static_cast<unsigned>(number(5, 2))),
                                         std::chrono::day(static_cast<unsigned>(number(8, 2))));
  if (!date.ok()) return std::nullopt;
  const std::int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  const std::int64_t seconds =
      ((days * 24 + number(11, 2)) * 60 + number(14, 2)) * 60 + number(17, 2);
  return seconds * 1000 + number(20, 3);
}

void TakeGeneratedAt(Lines& lines, Statement& statement) {
  const std::string_view text = lines.Take("generated-at");
  const auto time = ParseUtcMs(text);
  if (!time || FormatUtcMs(*time) != text) return lines.Fail("a time in UTC is expected");
  statement.generated_at_ms = *time;
}

void TakePrevious(Lines& lines, Statement& statement) {
  const std::string_view text = lines.Take("previous");
  if (text == "none") return;
  Digest digest{};
  bool good = text.size() == digest.size() * 2;
  for (std::size_t i = 0; good && i < digest.size(); ++i) {
    const auto [end, error] =
        std::from_chars(text.data() + 2 * i, text.data() + 2 * i + 2, digest[i], 16);
    good = error == std::errc() && end == text.data() + 2 * i + 2;
  }
  if (!good) return lines.Fail("64 hexadecimal digits or \"none\" are expected");
  statement.previous = digest;
}

void TakeHeader(Lines& lines, Statement& statement) {
  const std::string_view title = lines.TakeLine();
  if (!title.ends_with(kTitle))
    return lines.Fail("\"<origin>" + std::string(kTitle) + "\" is expected");
  statement.origin = std::string(title.substr(0, title.size() - kTitle.size()));
  const auto month = Month::Parse(lines.Take("month"));
  if (!month.ok()) return lines.Fail("a month YYYY-MM is expected");
  statement.month = *month;
  statement.time_zone = std::string(lines.Take("time-zone"));
  const std::string_view status = lines.Take("status");
  if (status != "final" && status != "provisional") {
    return lines.Fail("\"provisional\" or \"final\" is expected");
  }
  statement.status = status == "final" ? StatementStatus::kFinal : StatementStatus::kProvisional;
  TakeTree("tree-start", lines, statement.tree_start);
  TakeTree("tree-end", lines, statement.tree_end);
}

Error Disagree(std::string what) { return Error(Errc::kCorruption, std::move(what)); }

/// Adds without overflow: rows are bounded in number and size, but their sum may pass 2^63.
bool AddFigures(const StatementFigures& more, StatementFigures& sum) {
  for (const FigureName& name : kFigures) {
    if (name.member == nullptr) continue;
    if (__builtin_add_overflow(sum.*name.member, more.*name.member, &(sum.*name.member))) {
      return false;
    }
  }
  return true;
}

Result<void> CheckBasics(const StatementFigures& figures, std::string_view where) {
  for (const FigureName& name : kFigures) {
    if (name.member != nullptr && figures.*name.member < 0) {
      return Disagree(std::string(name.name) + " is below 0" + std::string(where));
    }
  }
  if (figures.registrations - figures.first_ever != figures.re_registrations) {
    return Disagree("registrations are not first-ever plus re-registrations" + std::string(where));
  }
  return {};
}

}  // namespace

std::string_view BreakdownName(Breakdown breakdown) {
  return kBreakdownNames[static_cast<std::size_t>(breakdown)];
}

std::string EscapeStatementKey(std::string_view key) {
  if (key.empty()) return "-";
  if (key == "-") return "%2D";
  if (key == kStatementOthersKey) return "*";
  if (key == "*") return "%2A";
  return Escape(key, " ");
}

Result<std::string> FormatStatement(const Statement& statement) {
  if (statement.origin.empty() || statement.origin.size() > kStatementValueBytesMax ||
      !IsPlainText(statement.origin)) {
    return Invalid("origin", "is empty, too long, or not plain text");
  }
  if (statement.time_zone.empty() || statement.time_zone.size() > kStatementValueBytesMax ||
      !IsPlainText(statement.time_zone)) {
    return Invalid("time-zone", "is empty, too long, or not plain text");
  }
  const std::string month = statement.month.Text();
  if (!Month::Parse(month).ok()) return Invalid("month", "is not between 1970 and 9999");
  if (statement.tree_start.size > kTreeSizeMax || statement.tree_end.size > kTreeSizeMax) {
    return Invalid("tree", "is too large");
  }
  if (!AreFiguresBounded(statement.figures)) return Invalid("figures", "are beyond 2^62");
  const std::string generated_at = FormatUtcMs(statement.generated_at_ms);
  if (ParseUtcMs(generated_at) != statement.generated_at_ms) {
    return Invalid("generated-at", "is not between the years 0 and 9999");
  }

  std::string text = statement.origin + std::string(kTitle) + "\n";
  AppendLine("month", month, text);
  AppendLine("time-zone", statement.time_zone, text);
  AppendLine("status", statement.status == StatementStatus::kFinal ? "final" : "provisional", text);
  AppendLine("tree-start", TreeText(statement.tree_start), text);
  AppendLine("tree-end", TreeText(statement.tree_end), text);
  for (const FigureName& name : kFigures) {
    AppendLine(name.name, std::to_string(FigureValue(statement.figures, name)), text);
  }
  AppendLine("columns", kColumns, text);
  IDNODE_RETURN_IF_ERROR(AppendRows(statement.rows, text));
  AppendLine("target", std::to_string(statement.target), text);
  AppendLine("target-met", statement.target_met ? "yes" : "no", text);
  IDNODE_RETURN_IF_ERROR(AppendEvidence(statement.evidence, text));
  AppendLine("generated-at", generated_at, text);
  std::string previous = "none";
  if (statement.previous) {
    previous = Hex(
        {reinterpret_cast<const char*>(statement.previous->data()), statement.previous->size()});
  }
  AppendLine("previous", previous, text);
  if (text.size() > kStatementBytesMax) return Invalid("text", "is too long");
  return text;
}

Result<Statement> ParseStatement(std::string_view text) {
  if (text.size() > kStatementBytesMax) {
    return Error(Errc::kInvalidRequest, "not a statement: it is too long");
  }
  Lines lines(text);
  Statement statement;
  TakeHeader(lines, statement);
  for (const FigureName& name : kFigures) {
    SetFigure(name, lines.Number(lines.Take(name.name)), statement.figures);
  }
  if (lines.Take("columns") != kColumns) lines.Fail("other columns are expected");
  TakeRows(lines, statement);
  statement.target = lines.Number(lines.Take("target"));
  const std::string_view met = lines.Take("target-met");
  if (met != "yes" && met != "no") lines.Fail("\"yes\" or \"no\" is expected");
  statement.target_met = met == "yes";
  TakeEvidence(lines, statement);
  TakeGeneratedAt(lines, statement);
  TakePrevious(lines, statement);
  if (lines.failed()) return lines.TheError();
  if (!lines.done()) {
    return Error(Errc::kInvalidRequest, "not a statement: there is more behind its last line");
  }
  // One text a statement: order, escapes, leading zeros, net and bounds are all judged at once.
  const auto again = FormatStatement(statement);
  if (!again.ok()) {
    return Error(Errc::kInvalidRequest, "not a statement: " + again.error().detail);
  }
  if (*again != text) {
    const auto differs = std::mismatch(again->begin(), again->end(), text.begin(), text.end());
    const auto line = std::count(again->begin(), differs.first, '\n') + 1;
    return Error(Errc::kInvalidRequest, "not a statement: line " + std::to_string(line) +
                                            " is not as a statement has it: \"net\" is wrong, or "
                                            "the order of rows, an escape, or a leading zero");
  }
  return statement;
}

Digest StatementDigest(std::string_view text) { return Sha256(text); }

Result<void> CheckFigures(const Statement& statement) {
  IDNODE_RETURN_IF_ERROR(CheckBasics(statement.figures, ""));
  const std::uint64_t start = statement.tree_start.size;
  const std::uint64_t end = statement.tree_end.size;
  if (end < start) return Disagree("the tree ends before it starts");
  if (end - start != static_cast<std::uint64_t>(statement.figures.first_ever)) {
    return Disagree("first-ever is " + std::to_string(statement.figures.first_ever) +
                    ", but the tree grew by " + std::to_string(end - start));
  }
  if (statement.target_met != (statement.figures.first_ever >= statement.target)) {
    return Disagree("target-met does not follow from first-ever and target");
  }
  std::map<Breakdown, StatementFigures> sums;
  for (const StatementRow& row : statement.rows) {
    const std::string where = " by " + std::string(BreakdownName(row.breakdown));
    IDNODE_RETURN_IF_ERROR(CheckBasics(row.figures, where));
    if (!AddFigures(row.figures, sums[row.breakdown])) {
      return Disagree("the rows" + where + " have a sum beyond 2^63");
    }
  }
  for (const auto& [breakdown, sum] : sums) {
    if (sum != statement.figures) {
      return Disagree("the rows by " + std::string(BreakdownName(breakdown)) +
                      " do not sum to the total");
    }
  }
  return {};
}

}  // namespace idnode::ledger
