#include "node/frontend/http/ledger_handler.h"

#include <array>
#include <charconv>
#include <optional>
#include <utility>

#include "idnode/v1/ledger.pb.h"
#include "node/frontend/beast_util/header_list.h"
#include "node/frontend/beast_util/problem.h"
#include "node/frontend/convert/ledger_convert.h"
#include "node/frontend/guard.h"
#include "node/frontend/http/ledger_page.h"
#include "node/frontend/http/proto_json.h"

namespace idnode::frontend::http {
namespace {

constexpr std::string_view kTextType = "text/plain; charset=utf-8";
constexpr std::string_view kHtmlType = "text/html; charset=utf-8";
constexpr std::string_view kBytesType = "application/octet-stream";

// A checkpoint lives for seconds: a client may ask again for tiles of the one before.
constexpr std::string_view kCheckpointCaching = "Cache-Control: public, max-age=2\r\n";
constexpr std::string_view kKeyCaching = "Cache-Control: public, max-age=3600\r\n";
constexpr std::string_view kProofCaching = "Cache-Control: no-store\r\n";
constexpr std::string_view kProvisionalCaching =
    "Cache-Control: public, max-age=10\r\nVary: Accept\r\n";
// A final statement never changes, the cosignatures beside it grow for a while.
constexpr std::string_view kFinalCaching = "Cache-Control: public, max-age=60\r\nVary: Accept\r\n";

constexpr std::string_view kLedgerRoot = "/ledger/";

Response TextResponse(std::string body, std::string_view caching) {
  Response response;
  response.content_type = kTextType;
  response.headers = caching;
  response.body = std::move(body);
  return response;
}

// Full tiles never change; a partial one gives way to a fuller one.
std::string TileCaching(const ledger::Tile& tile) {
  std::string line("Cache-Control: ");
  const bool secret = tile.kind == ledger::TileKind::kEntries;
  line += secret ? "private" : "public";
  line +=
      tile.width == ledger::kTileWidth ? ", max-age=31536000, immutable\r\n" : ", max-age=3600\r\n";
  if (secret) line += "Vary: Authorization\r\n";
  return line;
}

// How well a form fits an Accept field: weight, and whether it is named.
struct Fit {
  int exact = -1;
  int type = -1;
  int any = -1;
  int weight() const { return exact >= 0 ? exact : type >= 0 ? type : any; }
  // Twice the weight, and one more for what is named.
  int rank() const { return weight() <= 0 ? 0 : weight() * 2 + (exact > 0 ? 1 : 0); }
};

struct Form {
  StatementForm form;
  std::string_view name;
  std::string_view type;     // "text"
  std::string_view subtype;  // "plain"
};
constexpr std::array kForms = {
    Form{StatementForm::kNote, "note", "text", "plain"},
    Form{StatementForm::kJson, "json", "application", "json"},
    Form{StatementForm::kHtml, "html", "text", "html"},
};

Fit FitOf(const Form& form, std::string_view accept) {
  Fit fit;
  ForEachRanged(accept, [&](std::string_view range, int quality) {
    std::string_view subtype = range;
    const std::string_view type = NextPart(subtype, '/');
    if (type == "*" && subtype == "*") fit.any = std::max(fit.any, quality);
    if (!EqualsIgnoringCase(type, form.type)) return;
    if (subtype == "*") fit.type = std::max(fit.type, quality);
    if (EqualsIgnoringCase(subtype, form.subtype)) fit.exact = std::max(fit.exact, quality);
  });
  return fit;
}

Result<StatementForm> FormNamed(std::string_view name) {
  for (const Form& form : kForms) {
    if (form.name == name) return form.form;
  }
  return Error(Errc::kInvalidRequest, "a statement comes as note, json or html", "format");
}

std::string_view PathOf(const Request& request) { return SplitTarget(request.target).path; }

}  // namespace

// One request under way; its views live until it is answered.
struct LedgerHandler::Call {
  const Request* request = nullptr;
  Match match;
  Query query;
  service::CallerRef caller;
  Deadline deadline{};
};

Result<std::uint64_t> ParseTreeSize(std::string_view text, std::string_view field) {
  const auto refuse = [&] {
    return Error(Errc::kInvalidRequest, "give a tree size: a number from 0 to 9223372036854775807",
                 std::string(field));
  };
  if (text.empty() || text.size() > kTreeSizeDigitsMax) return refuse();
  if (text.size() > 1 && text[0] == '0') return refuse();
  std::uint64_t size = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), size);
  if (ec != std::errc() || end != text.data() + text.size() || size > ledger::kTreeSizeMax) {
    return refuse();
  }
  return size;
}

StatementName SplitStatementName(std::string_view name) {
  const std::size_t period = name.rfind('.');
  if (period == std::string_view::npos) return {name, {}};
  return {name.substr(0, period), name.substr(period + 1)};
}

Result<StatementForm> WantedForm(std::string_view named, const std::string* format,
                                 std::string_view accept) {
  if (!named.empty()) return FormNamed(named);
  if (format != nullptr) return FormNamed(*format);
  if (accept.empty()) return StatementForm::kNote;
  std::optional<StatementForm> best;
  int best_rank = 0;
  for (const Form& form : kForms) {
    if (const int rank = FitOf(form, accept).rank(); rank > best_rank) {
      best = form.form;
      best_rank = rank;
    }
  }
  if (best.has_value()) return *best;
  return Error(Errc::kNotAcceptable,
               "a statement comes as text/plain, application/json or text/html", "Accept");
}

bool LedgerHandler::Serves(Operation operation) {
  switch (operation) {
    case Operation::kGetCheckpoint:
    case Operation::kGetVerifierKey:
    case Operation::kGetTile:
    case Operation::kGetEntries:
    case Operation::kProveInclusion:
    case Operation::kProveConsistency:
    case Operation::kGetStatement:
    case Operation::kGetClosingCheckpoint:
    case Operation::kListStatements:
    case Operation::kAddCosignature:
      return true;
    default:
      return false;
  }
}

void LedgerHandler::Handle(Exchange& exchange, const Match& match, std::string_view query,
                           std::chrono::steady_clock::time_point start) {
  const Request& request = exchange.request();
  const auto finish = [this, start, operation = match.operation](int status) {
    metrics_.Observe(operation, status, services_.clock.Monotonic() - start);
  };
  const auto answer_now = [&](const Response& response) {
    AppendResponse(request, response, exchange.out());
    finish(response.status);
  };
  Call call;
  call.request = &request;
  call.match = match;
  const auto prepared = [&]() -> Result<void> {
    const auto timeout = TimeoutOf(request, request_timeout_);
    if (!timeout.ok()) return timeout.error();
    call.deadline = start + *timeout;
    auto caller = v1_.Authenticate(request);
    if (!caller.ok()) return caller.error();
    call.caller = *std::move(caller);
    if (query.size() > kLedgerQueryBytesMax) {
      return Error(Errc::kInvalidRequest,
                   "the query may have " + std::to_string(kLedgerQueryBytesMax) + " bytes");
    }
    auto parsed = Query::Parse(query);
    if (!parsed.ok()) return parsed.error();
    call.query = *std::move(parsed);
    return {};
  }();
  if (!prepared.ok()) return answer_now(Problem(request, prepared.error()));
  const bool in_memory = match.operation == Operation::kGetCheckpoint ||
                         match.operation == Operation::kGetVerifierKey ||
                         services_.ledger == nullptr;
  if (in_memory) return answer_now(Answer(call));

  const std::shared_ptr<Completion> completion = exchange.Defer();
  const auto complete = [completion, finish](const Call& done, const Response& response) {
    std::string answer;
    answer.reserve(response.body.size() + 512);
    AppendResponse(*done.request, response, answer);
    finish(response.status);
    completion->Finish(std::move(answer));
  };
  const bool queued = workers_.TrySubmit([this, call, complete] {
    const auto response = Guarded([&]() -> Result<Response> { return Answer(call); });
    complete(call, response.ok() ? *response : Problem(*call.request, response.error()));
  });
  if (!queued) {
    complete(call,
             Problem(request, Error(Errc::kOverloaded, "the queue of waiting requests is full")));
  }
}

Response LedgerHandler::Answer(const Call& call) const {
  const Request& request = *call.request;
  const auto ledger = LedgerOf(services_);
  if (!ledger.ok()) return Problem(request, ledger.error());
  switch (call.match.operation) {
    case Operation::kGetCheckpoint:
    case Operation::kGetVerifierKey:
      return Checkpoint(call, **ledger);
    case Operation::kGetTile:
    case Operation::kGetEntries:
      return Tile(call, **ledger);
    case Operation::kProveInclusion:
      return InclusionProof(call);
    case Operation::kProveConsistency:
      return ConsistencyProof(call, **ledger);
    case Operation::kGetStatement:
      return Statement(call, **ledger);
    case Operation::kGetClosingCheckpoint:
      return ClosingCheckpoint(call, **ledger);
    case Operation::kListStatements:
      return Statements(call, **ledger);
    case Operation::kAddCosignature:
      return AddCosignature(call, **ledger);
    default:
      return Problem(request, Error(Errc::kInternal, "not an operation of /ledger"));
  }
}

Response LedgerHandler::Checkpoint(const Call& call, service::LedgerService& ledger) const {
  const Request& request = *call.request;
  if (const auto known = call.query.Only({}); !known.ok()) return Problem(request, known.error());
  if (call.match.operation == Operation::kGetCheckpoint) {
    auto checkpoint = ledger.Checkpoint();
    if (!checkpoint.ok()) return Problem(request, checkpoint.error());
    return TextResponse(*std::move(checkpoint), kCheckpointCaching);
  }
  const bool sm2 = PathOf(request).ends_with("-sm2");
  const std::string key = sm2 ? ledger.VerifierKeySm2() : ledger.VerifierKey();
  if (key.empty()) {
    return Problem(request, Error(Errc::kNotFound, "this ledger is not signed with SM2"));
  }
  return TextResponse(key + "\n", kKeyCaching);
}

Response LedgerHandler::Tile(const Call& call, service::LedgerService& ledger) const {
  const Request& request = *call.request;
  const bool entries = call.match.operation == Operation::kGetEntries;
  if (entries) {
    const service::Actor actor{call.caller, std::string(request.source)};
    if (const auto may = services_.admin.audit.Permit(actor, service::Action::kLedgerEntries, false,
                                                      PathOf(request));
        !may.ok()) {
      return Problem(request, may.error());
    }
  }
  if (const auto known = call.query.Only({}); !known.ok()) return Problem(request, known.error());
  const auto tile = ledger::ParseTilePath(PathOf(request).substr(kLedgerRoot.size()));
  if (!tile.ok()) return Problem(request, tile.error());
  auto bytes = ledger.ReadTile(*tile, call.deadline);
  if (!bytes.ok()) return Problem(request, bytes.error());
  Response response;
  response.content_type = kBytesType;
  response.headers = TileCaching(*tile);
  response.body = *std::move(bytes);
  return response;
}

Response LedgerHandler::InclusionProof(const Call& call) const {
  const Request& request = *call.request;
  if (const auto known = call.query.Only({"identifier"}); !known.ok()) {
    return Problem(request, known.error());
  }
  const std::string* identifier = call.query.Find("identifier");
  v1::InclusionProof proof;
  const auto filled = FillInclusionProof(services_, *call.caller,
                                         identifier == nullptr ? std::string_view() : *identifier,
                                         call.deadline, proof);
  if (!filled.ok()) return Problem(request, filled.error());
  Response response = JsonResponse(ToJson(proof, JsonFields::kAll));
  response.headers = kProofCaching;
  return response;
}

Response LedgerHandler::ConsistencyProof(const Call& call, service::LedgerService& ledger) const {
  const Request& request = *call.request;
  if (const auto known = call.query.Only({"from", "to"}); !known.ok()) {
    return Problem(request, known.error());
  }
  const std::string* from_text = call.query.Find("from");
  const auto from = ParseTreeSize(from_text == nullptr ? "" : *from_text, "from");
  if (!from.ok()) return Problem(request, from.error());
  std::uint64_t to = 0;
  if (const std::string* to_text = call.query.Find("to"); to_text != nullptr) {
    const auto parsed = ParseTreeSize(*to_text, "to");
    if (!parsed.ok()) return Problem(request, parsed.error());
    to = *parsed;
  }
  const auto report = ledger.ProveConsistency(*from, to, call.deadline);
  if (!report.ok()) return Problem(request, report.error());
  v1::ConsistencyProof proof;
  FillConsistencyProof(*report, proof);
  Response response = JsonResponse(ToJson(proof, JsonFields::kAll));
  response.headers = kProofCaching;
  return response;
}

Response LedgerHandler::Statement(const Call& call, service::LedgerService& ledger) const {
  const Request& request = *call.request;
  if (const auto known = call.query.Only({"format"}); !known.ok()) {
    return Problem(request, known.error());
  }
  const StatementName name = SplitStatementName(call.match.parameters[0]);
  const auto form = WantedForm(name.form, call.query.Find("format"), request.Get(Header::kAccept));
  if (!form.ok()) return Problem(request, form.error());
  const auto month = StatementMonth(services_, name.month);
  if (!month.ok()) return Problem(request, month.error());
  auto report = ledger.Statement(*month, call.deadline);
  if (!report.ok()) return Problem(request, report.error());
  Response response;
  response.headers =
      report->read.status == ledger::StatementStatus::kFinal ? kFinalCaching : kProvisionalCaching;
  switch (*form) {
    case StatementForm::kNote:
      response.content_type = kTextType;
      response.body = std::move(report->note);
      break;
    case StatementForm::kJson: {
      v1::Statement statement;
      FillStatement(*report, ledger, statement);
      response.body = ToJson(statement, JsonFields::kAll);
      break;
    }
    case StatementForm::kHtml:
      response.content_type = kHtmlType;
      response.headers += kPageSecurityPolicy;
      response.body = StatementPage(*report, ledger);
      break;
  }
  return response;
}

Response LedgerHandler::ClosingCheckpoint(const Call& call, service::LedgerService& ledger) const {
  const Request& request = *call.request;
  if (const auto known = call.query.Only({}); !known.ok()) return Problem(request, known.error());
  const auto month = StatementMonth(services_, call.match.parameters[0]);
  if (!month.ok()) return Problem(request, month.error());
  auto report = ledger.Statement(*month, call.deadline);
  if (!report.ok()) return Problem(request, report.error());
  if (report->read.status != ledger::StatementStatus::kFinal) {
    return Problem(request, Error(Errc::kNotFound,
                                  "the month is not closed yet; /ledger/checkpoint is the newest"));
  }
  return TextResponse(std::move(report->checkpoint), "Cache-Control: public, max-age=60\r\n");
}

Response LedgerHandler::Statements(const Call& call, service::LedgerService& ledger) const {
  const Request& request = *call.request;
  if (const auto known = call.query.Only({}); !known.ok()) return Problem(request, known.error());
  const auto months = ledger.ClosedMonths(call.deadline);
  if (!months.ok()) return Problem(request, months.error());
  v1::ListStatementsResponse list;
  for (const Month month : *months) list.add_months(month.Text());
  Response response = JsonResponse(ToJson(list, JsonFields::kAll));
  response.headers = "Cache-Control: public, max-age=10\r\n";
  return response;
}

Response LedgerHandler::AddCosignature(const Call& call, service::LedgerService& ledger) const {
  const Request& request = *call.request;
  const auto taken = [&]() -> Result<void> {
    IDNODE_RETURN_IF_ERROR(call.query.Only({}));
    const std::string_view encoding = request.Get(Header::kContentEncoding);
    std::string_view type = request.Get(Header::kContentType);
    if (!encoding.empty() && !EqualsIgnoringCase(encoding, "identity")) {
      return Error(Errc::kUnsupportedMedia, "send the note without a content coding",
                   "Content-Encoding");
    }
    if (!type.empty() && !EqualsIgnoringCase(NextPart(type, ';'), "text/plain")) {
      return Error(Errc::kUnsupportedMedia, "send the note as text/plain", "Content-Type");
    }
    IDNODE_RETURN_IF_ERROR(CheckCosignatureNote(request.body));
    return ledger.AddCosignature(request.body, call.deadline);
  }();
  return taken.ok() ? JsonResponse("{}") : Problem(request, taken.error());
}

}  // namespace idnode::frontend::http
