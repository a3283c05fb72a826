#include "node/cli/items.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <istream>
#include <ostream>
#include <utility>

#include "node/cli/client.h"
#include "node/cli/messages.h"
#include "node/cli/output.h"

namespace idnode::cli {

Result<v1::Value> ParseValueOption(std::string_view text) {
  const Error bad(
      Errc::kInvalidRequest,
      "--value must be TYPE=DATA or INDEX:TYPE=DATA, such as URL=https://maker.example, "
      "not " +
          std::string(text),
      "value");
  v1::Value value;
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos) return bad;
  std::string_view type = text.substr(0, equals);
  const std::size_t colon = type.find(':');
  if (colon != std::string_view::npos && colon > 0 &&
      type.substr(0, colon).find_first_not_of("0123456789") == std::string_view::npos) {
    std::uint32_t index = 0;
    const auto end = type.data() + colon;
    if (std::from_chars(type.data(), end, index).ptr != end || index == 0) return bad;
    value.set_index(index);
    type.remove_prefix(colon + 1);
  }
  if (type.empty()) return bad;
  value.set_type(std::string(type));
  value.set_data(std::string(text.substr(equals + 1)));
  return value;
}

Result<void> AddAttributeOption(std::string_view text, google::protobuf::Struct& attributes) {
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos || equals == 0) {
    return Error(Errc::kInvalidRequest, "--attribute must be KEY=TEXT, not " + std::string(text),
                 "attribute");
  }
  (*attributes.mutable_fields())[std::string(text.substr(0, equals))].set_string_value(
      std::string(text.substr(equals + 1)));
  return {};
}

Result<LineFile> LineFile::Open(Environment& environment, const std::string& path) {
  if (path == "-") {
    return LineFile(std::shared_ptr<std::istream>(&environment.in, [](std::istream*) {}),
                    "standard input");
  }
  auto file = std::make_shared<std::ifstream>(path, std::ios::binary);
  if (!*file) {
    return Error(Errc::kInvalidRequest, "cannot open " + path + ": " + std::strerror(errno));
  }
  return LineFile(std::move(file), path);
}

Error LineFile::AtLine(const std::string& what) const {
  return Error(Errc::kInvalidRequest, path_ + " line " + std::to_string(number_) + ": " + what);
}

Result<bool> LineFile::Next(std::string& line) {
  constexpr int kEof = std::char_traits<char>::eof();
  std::streambuf& buffer = *stream_->rdbuf();
  while (true) {
    line.clear();
    ++number_;
    int c = buffer.sbumpc();
    if (c == kEof) return false;
    for (; c != kEof && c != '\n'; c = buffer.sbumpc()) {
      if (line.size() == kItemLineBytesMax) {
        return AtLine("more than " + std::to_string(kItemLineBytesMax) + " bytes");
      }
      line += static_cast<char>(c);
    }
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (line.find_first_not_of(" \t") != std::string::npos) return true;
  }
}

bool IsDone(v1::Outcome outcome) {
  switch (outcome) {
    case v1::REGISTERED:
    case v1::RE_REGISTERED:
    case v1::UNCHANGED:
    case v1::UPDATED:
    case v1::DELETED:
    case v1::STATE_CHANGED:
      return true;
    default:
      return false;
  }
}

std::string OutcomeText(v1::Outcome outcome, Language language) {
  const auto text = [language](const Text& words) { return std::string(words.In(language)); };
  switch (outcome) {
    case v1::REGISTERED:
      return text(messages::kRegistered);
    case v1::RE_REGISTERED:
      return text(messages::kReRegistered);
    case v1::UNCHANGED:
      return text(messages::kUnchanged);
    case v1::CONFLICT:
      return text(messages::kConflicting);
    case v1::REJECTED:
      return text(messages::kRejected);
    case v1::UNDETERMINED:
      return text({"not known", "结果未知"});
    case v1::UPDATED:
      return text({"updated", "已更新"});
    case v1::DELETED:
      return text({"deleted", "已删除"});
    case v1::STATE_CHANGED:
      return text({"state changed", "状态已变更"});
    case v1::NOT_FOUND:
      return text({"not found", "标识不存在"});
    default:
      return v1::Outcome_Name(outcome);
  }
}

std::string StateText(v1::State state, Language language) {
  const auto text = [language](const Text& words) { return std::string(words.In(language)); };
  switch (state) {
    case v1::ACTIVE:
      return text({"active", "有效"});
    case v1::FROZEN:
      return text({"frozen", "冻结"});
    case v1::REVOKED:
      return text({"revoked", "吊销"});
    default:
      return v1::State_Name(state);
  }
}

std::string RequestIdOf(const std::string& request_id, std::size_t call) {
  return request_id.empty() || call == 0 ? request_id : request_id + "-" + std::to_string(call);
}

void OutcomeReport::Add(const google::protobuf::RepeatedPtrField<v1::ItemResult>& results) {
  results_.insert(results_.end(), results.begin(), results.end());
}

ExitCode OutcomeReport::Code() const {
  std::size_t done = 0;
  bool all_authorisation = true;
  bool all_passing = true;
  for (const v1::ItemResult& result : results_) {
    if (IsDone(result.outcome())) {
      ++done;
      continue;
    }
    const ExitCode code = result.outcome() == v1::UNDETERMINED ? kExitTryAgain
                          : result.outcome() == v1::REJECTED
                              ? ExitCodeOf(ErrcOfSlug(result.reason()))
                              : kExitFailed;
    all_authorisation = all_authorisation && code == kExitNotAuthorised;
    all_passing = all_passing && code == kExitTryAgain;
  }
  if (done == results_.size()) return kExitDone;
  if (done > 0) return kExitPartly;
  if (all_authorisation) return kExitNotAuthorised;
  return all_passing ? kExitTryAgain : kExitFailed;
}

void OutcomeReport::PrintResults(Environment& environment) const {
  const Language language = environment.language;
  Table table({std::string(messages::kOutcome.In(language)),
               std::string(messages::kIdentifier.In(language)),
               std::string(messages::kReason.In(language))});
  for (const v1::ItemResult& result : results_) {
    std::string reason = result.reason();
    if (!result.field().empty())
      reason += (reason.empty() ? "" : " ") + ("(" + result.field() + ")");
    if (!result.detail().empty()) reason += (reason.empty() ? "" : ": ") + result.detail();
    table.Add({OutcomeText(result.outcome(), language), Printable(result.identifier()),
               Printable(reason)});
  }
  environment.out << table.Text() << std::flush;
  if (results_.size() > 1) {
    const auto done = std::count_if(results_.begin(), results_.end(),
                                    [](const auto& result) { return IsDone(result.outcome()); });
    environment.err << Say(language, messages::kBatchSummary, FormatCount(done),
                           FormatCount(static_cast<std::int64_t>(results_.size()) - done))
                    << '\n';
  }
}

std::string OutcomeReport::ResultsJson() const {
  std::string json = R"({"results":[)";
  for (std::size_t i = 0; i < results_.size(); ++i) {
    if (i > 0) json += ',';
    json += ToJson(results_[i]);
  }
  return json + "]";
}

ExitCode OutcomeReport::Print(Environment& environment) const {
  if (environment.options.json) {
    environment.out << ResultsJson() << "}\n" << std::flush;
  } else {
    PrintResults(environment);
  }
  return Code();
}

ExitCode OutcomeReport::PrintWith(Environment& environment, const Error& error) const {
  if (results_.empty()) return Fail(environment, error);
  if (environment.options.json) {
    environment.out << ResultsJson() << ',' << ErrorJson(error).substr(1) << '\n' << std::flush;
  } else {
    PrintResults(environment);
    Fail(environment, error);
  }
  return Code() == kExitDone ? kExitPartly : Code();
}

}  // namespace idnode::cli
