#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "node/base/metrics.h"
#include "node/model/record.h"
#include "node/service/access_control.h"
#include "node/service/clock_guard.h"
#include "node/service/prefix_registry.h"
#include "storage/committer.h"

namespace idnode::service {

/// Same numbers as idnode.v1.Outcome.
enum class Outcome : std::uint8_t {
  kUnspecified = 0,
  kRegistered = 1,
  kReRegistered = 2,
  kUnchanged = 3,
  kConflict = 4,
  kRejected = 5,
  kUndetermined = 6,
  kUpdated = 7,
  kDeleted = 8,
  kStateChanged = 9,
  kNotFound = 10,
};
/// "REGISTERED", as in JSON.
std::string_view OutcomeName(Outcome outcome);

struct ItemResult {
  Outcome outcome = Outcome::kUnspecified;
  Errc reason = Errc::kOk;  ///< why, where the outcome is REJECTED or UNDETERMINED
  std::string field;        ///< relative to the item: "values[0].data"
  std::string detail;
  /// Receipt of the ledger: which leaf the item became, and the size of a published tree that has
  /// it. For items newly REGISTERED by a batch that asked to wait for the ledger.
  std::optional<std::uint64_t> leaf_index;
  std::uint64_t tree_size = 0;
};

struct RegistrationLimits {
  std::size_t batch_items_max = 10'000;
  std::size_t batch_bytes_max = 16U << 20;
  std::size_t request_id_bytes_max = 128;
  RecordLimits record;
};

/// Input of one item; views that must live until Add… returns.
struct RegisterInput {
  std::string_view identifier;
  ContentInput content;
};

struct UpdateInput {
  std::string_view identifier;
  std::span<const ValueView> values;  ///< written over those of the same index
  std::span<const std::uint32_t> remove_indexes;
  bool replace_values = false;
  bool set_object_class = false;
  std::string_view object_class;
  bool set_template = false;
  std::string_view template_ref;
  bool set_attributes = false;
  std::string_view attributes_json;     ///< canonical JSON
  std::uint32_t expected_revision = 0;  ///< 0: any
};

/// What became of a batch: one result an item, in the order they were added.
struct BatchResult {
  std::vector<ItemResult> results;
};

class LedgerService;
class RegistrationService;
class TemplateRegistry;

/// A batch being put together by a front end. Validates and encodes each item as it is added, on
/// the caller's thread. Not thread-safe. One kind of operation a batch.
class Batch {
 public:
  virtual ~Batch() = default;
  virtual void AddRegister(const RegisterInput& input) = 0;
  virtual void AddUpdate(const UpdateInput& input) = 0;
  virtual void AddDelete(std::string_view identifier, std::uint32_t expected_revision) = 0;
  virtual void AddSetState(std::string_view identifier, State state,
                           std::uint32_t expected_revision) = 0;
  /// Adds an item that the front end could not understand (say, base64 that is none). `as_sent`
  /// is what there is of it, such as its identifier: with the error it tells the item from others
  /// when a request_id is used again.
  virtual void AddRejected(Error error, std::string_view as_sent = {}) = 0;
  virtual std::size_t size() const = 0;

  /// The answer waits until first-ever registrations are in the ledger, and carries their receipts
  /// (ItemResult::leaf_index). Where the deadline comes first, or there is no ledger, the answer
  /// comes without: the outcomes hold all the same. A stored answer (request_id) has no receipts,
  /// and neither has an item that is UNCHANGED: it was registered by a commit that this batch does
  /// not know. An inclusion proof tells the leaf of any identifier.
  virtual void WaitForLedger() = 0;
  /// Whence the request came, as Event::source_address has it: the IPv4 address of the peer, or the
  /// /64 of its IPv6 address. Cut after 64 bytes. Before the first Add….
  virtual void SetSourceAddress(std::string_view address) = 0;
};

/// The one registration path (design §4): validate, group by shard, commit, answer per item.
/// Thread-safe.
class RegistrationService {
 public:
  using DoneFn = std::function<void(Result<BatchResult>)>;

  RegistrationService(storage::Engine& engine, storage::Committer& committer,
                      PrefixRegistry& prefixes, ClockGuard& clock_guard, const Clock& clock,
                      Metrics& metrics, RegistrationLimits limits);
  ~RegistrationService();

  const RegistrationLimits& limits() const;

  /// Whom to ask for receipts; nullptr, as at first: there is no ledger. Before the first Submit.
  /// It must outlive the last answer.
  void SetLedger(LedgerService* ledger);
  /// Which templates records are checked against; nullptr, as at first: none. Likewise.
  void SetTemplates(TemplateRegistry* templates);
  /// Where refused registrations under another's prefix are written down; nullptr, as at first:
  /// nowhere. Likewise.
  void SetAudit(AuditLog* audit);

  /// Starts a batch of about `items` items whose encoded request has `request_bytes` bytes.
  ///
  /// `request_id` (empty: none) makes the batch safe to repeat for 24 h: a repeat of the same
  /// items in the same order by the same application gets the outcomes stored with the first one,
  /// whatever happened since, also to the caller's rights. That an id is used again with *other*
  /// items is found shard by shard, since that is where answers are kept (no commit spans two
  /// shards): a part whose shard took part the first time is refused with kRequestIdReused and
  /// writes nothing; a part in any other shard is applied as new. Only when every part is refused
  /// is the batch refused as a whole. So an id is for one batch: never count on the refusal.
  /// Errors: kUnauthenticated (anonymous), kBatchTooLarge (items or bytes; field "items"),
  /// kInvalidRequest (no items, or request_id too long or not printable).
  Result<std::unique_ptr<Batch>> NewBatch(const CallerRef& caller, std::string_view request_id,
                                          std::size_t items, std::size_t request_bytes) const;

  /// Commits the batch and calls `done` once, on a committer thread or, when it can be answered
  /// at once, on this one; at the latest shortly after `deadline`, with UNDETERMINED items where
  /// nothing was learned. `done` must not block.
  /// Errors given to `done` (the batch as a whole, nothing of it was written): kOverloaded,
  /// kStorageFull, kClockUntrusted, kShuttingDown, kRequestIdReused, kDeadlineExceeded,
  /// kRateLimited (all of it came too fast, or some of it and it has a request_id), kBatchTooLarge
  /// (it changes more bytes of records than one commit may hold). Where only some shards' parts met
  /// such an error, their items are REJECTED with that reason.
  void Submit(std::unique_ptr<Batch> batch, Deadline deadline, DoneFn done);

  /// Submit and wait: for callers that may block.
  Result<BatchResult> Run(std::unique_ptr<Batch> batch, Deadline deadline);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace idnode::service
