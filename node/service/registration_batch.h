#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <absl/container/flat_hash_map.h>

#include "node/base/arena.h"
#include "node/base/text.h"
#include "node/service/registration_service.h"
#include "node/service/template_registry.h"
#include "storage/engine.h"

namespace idnode::service {

enum class ItemKind : std::uint8_t { kRejected, kRegister, kUpdate, kDelete, kSetState };

/// A prefix that a batch writes under: what was found of it when the first of its items was added.
/// All its items are in one shard, so one part of the batch settles it.
struct PrefixUse {
  std::string_view prefix;  ///< folded; in the batch's arena
  storage::ShardId shard = 0;
  std::optional<Error> error;  ///< why nothing may be written under it
  /// What its registrations count under; events hold views into it.
  PrefixStandingRef standing;
  std::uint64_t registers = 0;   ///< items that register
  std::uint64_t reserved = 0;    ///< for how many of them there is room (PrefixRegistry::Reserve)
  std::uint64_t taken = 0;       ///< how many turned out to be new, while a group is prepared
  std::optional<Error> no_room;  ///< what becomes of those that are new beyond that
  std::uint64_t registered = 0;  ///< set when the part is done
  std::uint64_t deleted = 0;
};

/// A value of a unique template item, to be claimed by its identifier. In the batch's arena.
struct PendingClaim {
  std::string_view key;    ///< storage::UniqueKey
  std::string_view field;  ///< of the item: "attributes.serial"
  std::string_view name;   ///< the template item's
};

/// An update as kept in the batch: everything copied into the batch's arena.
struct PendingUpdate {
  std::vector<ValueView> values;
  std::vector<std::vector<ReferenceView>> references;  ///< what `values` point into
  std::vector<std::uint32_t> remove_indexes;
  bool replace_values = false;
  bool set_object_class = false;
  bool set_template = false;
  bool set_attributes = false;
  std::string_view object_class;
  std::string_view template_ref;
  std::string_view attributes_json;
  /// The template that `template_ref` names, where it is set and known.
  ReadyTemplateRef ready;

  /// Whether it can change what a template checks.
  bool TouchesItems() const;
};

/// One validated item; its texts lie in the batch's arena.
struct PendingItem {
  ItemKind kind = ItemKind::kRejected;
  bool placed = false;           ///< its shard is known, also where it was rejected after that
  State state = State::kActive;  ///< kSetState: the state to set
  storage::ShardId shard = 0;
  std::uint32_t expected_revision = 0;
  std::string_view key;          ///< record key; the folded identifier follows its space byte
  std::string_view identifier;   ///< as written
  std::size_t prefix_bytes = 0;  ///< length of the prefix
  char* record = nullptr;        ///< kRegister: record in the short form, time not yet set
  std::size_t record_bytes = 0;
  std::size_t content_bytes = 0;  ///< kRegister: the record's last bytes
  Digest content_digest{};        ///< kRegister
  const PendingUpdate* update = nullptr;
  PrefixUse* use = nullptr;
  std::uint32_t first_claim = 0;  ///< kRegister: into PendingBatch::claims()
  std::uint32_t claims = 0;
  /// The template it names, where it is known: kept by the batch.
  const ReadyTemplate* named = nullptr;
  bool withdrawn = false;  ///< kRegister: that takes no new records; refused if it would be new
  bool has_attributes = false;    ///< kRegister, for counting: attributes, or a value at least
  std::string_view object_class;  ///< kRegister, for counting
  std::string_view template_ref;

  std::string_view folded() const { return key.substr(1); }
  std::string_view prefix() const { return key.substr(1, prefix_bytes); }
  std::string_view record_view() const { return {record, record_bytes}; }
  std::string_view content() const { return record_view().substr(record_bytes - content_bytes); }
  /// Empty where it equals the folded form.
  std::string_view display() const {
    return identifier == folded() ? std::string_view() : identifier;
  }
};

/// The batch behind service::Batch.
class PendingBatch : public Batch {
 public:
  /// What batches work with. Its references outlive them.
  struct Environment {
    const PrefixRegistry& prefixes;
    const RegistrationLimits& limits;
    storage::ShardId shards = 0;
    const TemplateRegistry* templates = nullptr;  ///< nullptr: nothing is checked
    AuditLog* audit = nullptr;                    ///< nullptr: refusals are not written down
  };

  PendingBatch(CallerRef caller, std::string_view request_id, std::size_t items,
               const Environment& environment);

  void AddRegister(const RegisterInput& input) override;
  void AddUpdate(const UpdateInput& input) override;
  void AddDelete(std::string_view identifier, std::uint32_t expected_revision) override;
  void AddSetState(std::string_view identifier, State state,
                   std::uint32_t expected_revision) override;
  void AddRejected(Error error, std::string_view as_sent) override;
  std::size_t size() const override { return items_.size(); }
  void WaitForLedger() override { wait_for_ledger_ = true; }
  void SetSourceAddress(std::string_view address) override;

  const std::vector<PendingItem>& items() const { return items_; }
  std::vector<PendingItem>& items() { return items_; }
  std::span<const PendingClaim> ClaimsOf(const PendingItem& item) const {
    return {claims_.data() + item.first_claim, item.claims};
  }
  std::span<const std::unique_ptr<PrefixUse>> uses() const { return uses_; }
  /// Templates that items name, and of which it is not yet known that records do.
  std::vector<ReadyTemplateRef> UnusedTemplates() const;
  /// Rejects an item that was accepted so far.
  void RejectLate(std::uint32_t index, const Error& error);
  /// Rejects the items that name these templates, which are gone.
  void RejectGone(const std::vector<ReadyTemplateRef>& gone);
  /// Results of the items rejected while adding; the others are unspecified yet.
  std::vector<ItemResult>& results() { return results_; }
  const CallerRef& caller() const { return caller_; }
  const std::string& request_id() const { return request_id_; }
  bool wait_for_ledger() const { return wait_for_ledger_; }
  const std::string& source_address() const { return source_address_; }
  /// SHA-256 over what was sent, item by item: tells a repeat from another request, whatever has
  /// become of prefixes, rights and limits since. Of a batch without a request_id: of nothing.
  Digest Fingerprint() const { return Sha256(sent_); }

 private:
  struct KnownTemplate {
    ReadyTemplateRef ready;  ///< nullptr: there is none of that name
    bool wanted = false;     ///< an item that was accepted names it
  };

  bool Start(std::string_view identifier, ItemKind kind, PendingItem& item);
  PrefixUse& UseOf(std::string_view prefix);
  KnownTemplate& TemplateOf(const PrefixUse& use, std::string_view reference);
  Result<void> CheckTemplate(const ContentInput& content, PendingItem& item);
  void AddClaims(const std::vector<UniqueClaim>& found, const TemplateInfo& info,
                 PendingItem& item);
  void Reject(Error error);
  void SentItem(char kind, std::string_view identifier);
  void SentContent(const ContentInput& content);
  void SentEnd();

  const CallerRef caller_;
  const std::string request_id_;
  const Environment environment_;
  const RegistrationLimits& limits_;
  bool wait_for_ledger_ = false;
  std::string source_address_;
  Arena arena_;
  std::string scratch_;
  std::string folded_;
  std::string item_sent_;  ///< the item being added, every text with its length
  std::string sent_;       ///< a digest an item
  // Where an item that is rejected now belongs.
  bool placed_ = false;
  storage::ShardId placed_shard_ = 0;
  // Prefixes repeat from item to item: what was found of each is kept.
  std::vector<std::unique_ptr<PrefixUse>> uses_;
  absl::flat_hash_map<std::string_view, PrefixUse*> use_by_prefix_;
  PrefixUse* last_use_ = nullptr;
  // And so do templates.
  std::vector<std::unique_ptr<KnownTemplate>> templates_;
  absl::flat_hash_map<std::string, KnownTemplate*> template_by_key_;
  const PrefixUse* last_template_use_ = nullptr;
  std::string last_reference_;
  KnownTemplate* last_template_ = nullptr;
  std::unique_ptr<TemplateChecker::Scratch, void (*)(TemplateChecker::Scratch*)> check_scratch_{
      nullptr, nullptr};
  std::vector<UniqueClaim> found_claims_;
  std::vector<PendingClaim> claims_;
  std::vector<PendingItem> items_;
  std::vector<ItemResult> results_;
  std::vector<std::unique_ptr<PendingUpdate>> updates_;
};

}  // namespace idnode::service
