#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "node/base/arena.h"
#include "node/base/text.h"
#include "node/service/registration_service.h"
#include "storage/engine.h"

namespace idnode::service {

enum class ItemKind : std::uint8_t { kRejected, kRegister, kUpdate, kDelete, kSetState };

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
  PendingBatch(CallerRef caller, std::string_view request_id, std::size_t items,
               const PrefixRegistry& prefixes, const RegistrationLimits& limits,
               storage::ShardId shards);

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
  bool Start(std::string_view identifier, ItemKind kind, PendingItem& item);
  void Reject(Error error);
  void SentItem(char kind, std::string_view identifier);
  void SentContent(const ContentInput& content);
  void SentEnd();

  const CallerRef caller_;
  const std::string request_id_;
  const PrefixRegistry& prefixes_;
  const RegistrationLimits& limits_;
  const storage::ShardId shards_;
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
  // Prefixes repeat from item to item: the checks of the last one are kept.
  std::string last_prefix_;
  bool last_prefix_ok_ = false;
  storage::ShardId last_shard_ = 0;
  std::vector<PendingItem> items_;
  std::vector<ItemResult> results_;
  std::vector<std::unique_ptr<PendingUpdate>> updates_;
};

}  // namespace idnode::service
