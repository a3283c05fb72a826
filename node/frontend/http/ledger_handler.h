#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "node/base/worker_pool.h"
#include "node/frontend/beast_util/handler.h"
#include "node/frontend/http/operation_metrics.h"
#include "node/frontend/http/router.h"
#include "node/frontend/http/v1_handler.h"
#include "node/service/ledger_service.h"
#include "node/service/services.h"

namespace idnode::frontend::http {

/// Longest query under /ledger: an identifier of 255 bytes, each percent-encoded, and then some.
inline constexpr std::size_t kLedgerQueryBytesMax = 2048;
/// Most digits of a tree size: those of 2^63 - 1.
inline constexpr std::size_t kTreeSizeDigitsMax = 19;

/// A tree size in decimal, as in a checkpoint: no sign, no leading zero, at most
/// kTreeSizeDigitsMax digits and kTreeSizeMax. Errors: kInvalidRequest with `field`.
Result<std::uint64_t> ParseTreeSize(std::string_view text, std::string_view field);

/// In which form a statement is wanted.
enum class StatementForm : std::uint8_t { kNote, kJson, kHtml };

/// A month as the path has it, maybe with a form: "2026-11", "2026-11.html".
struct StatementName {
  std::string_view month;
  std::string_view form;  ///< "note", "json", "html"; empty: none given
};
/// Splits at the last period.
StatementName SplitStatementName(std::string_view name);

/// The form that the path, else `?format=`, else Accept asks for (RFC 9110 §12.5.1); the note where
/// nothing is said. Of equals the one that is named before one that only a wildcard fits, then
/// note, JSON, page. Errors: kInvalidRequest (field "format"), kNotAcceptable.
Result<StatementForm> WantedForm(std::string_view named, const std::string* format,
                                 std::string_view accept);

/// `/ledger/…` (design §6): checkpoint, keys, tiles, entries, proofs, statements, cosignatures.
/// Translates and holds no rules. Thread-safe.
class LedgerHandler {
 public:
  /// What is referred to outlives the handler and every call under way.
  LedgerHandler(std::chrono::milliseconds request_timeout, const service::Services& services,
                const V1Handler& v1, WorkerPool& workers, OperationMetrics& metrics)
      : request_timeout_(request_timeout),
        services_(services),
        v1_(v1),
        workers_(workers),
        metrics_(metrics) {}

  /// True for the operations of /ledger.
  static bool Serves(Operation operation);

  /// Answers at once what is in memory, all else from a worker.
  void Handle(Exchange& exchange, const Match& match, std::string_view query,
              std::chrono::steady_clock::time_point start);

 private:
  struct Call;

  Response Answer(const Call& call) const;
  Response Checkpoint(const Call& call, service::LedgerService& ledger) const;
  Response Tile(const Call& call, service::LedgerService& ledger) const;
  Response InclusionProof(const Call& call) const;
  Response ConsistencyProof(const Call& call, service::LedgerService& ledger) const;
  Response Statement(const Call& call, service::LedgerService& ledger) const;
  Response ClosingCheckpoint(const Call& call, service::LedgerService& ledger) const;
  Response Statements(const Call& call, service::LedgerService& ledger) const;
  Response AddCosignature(const Call& call, service::LedgerService& ledger) const;

  const std::chrono::milliseconds request_timeout_;
  const service::Services& services_;
  const V1Handler& v1_;
  WorkerPool& workers_;
  OperationMetrics& metrics_;
};

}  // namespace idnode::frontend::http
