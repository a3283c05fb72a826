#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "node/base/clock.h"
#include "node/base/result.h"
#include "node/model/data_template.h"
#include "node/service/audit_log.h"
#include "storage/committer.h"
#include "storage/engine.h"

namespace idnode::service {

class PrefixRegistry;

/// Templates that one prefix may own, and versions that one may have. Tested at the boundary.
inline constexpr std::size_t kTemplatesPerOwnerMax = 1'000;
inline constexpr std::uint32_t kTemplateVersionMax = 10'000;
/// Versions of all templates of a prefix: those that are there, and those with the deleted ones,
/// of which only the number stays.
inline constexpr std::size_t kTemplateVersionsPerOwnerMax = 2'000;
inline constexpr std::size_t kTemplateNumbersPerOwnerMax = 20'000;
/// What the versions of a prefix take in memory (TemplateChecker::memory).
inline constexpr std::size_t kTemplateBytesPerOwnerMax = 32U << 20;
/// Batches that wait, besides the first, for the same first use of a version to be noted.
inline constexpr std::size_t kTemplateMarkWaitersMax = 256;

/// Same numbers as idnode.v1.TemplateStatus.
enum class TemplateStatus : std::uint8_t { kDraft = 1, kPublished = 2, kWithdrawn = 3 };

/// One version of a data template (数据模板). Immutable; shared.
struct TemplateInfo {
  std::string owner;  ///< folded prefix, an enterprise's or a secondary one
  std::string name;
  std::uint32_t version = 0;
  TemplateStatus status = TemplateStatus::kDraft;
  DataTemplate content;
  std::int64_t created_ms = 0;
  std::int64_t published_ms = 0;
  bool in_use = false;  ///< a record named it
  /// Made of `content` once; never nullptr in what the registry gives.
  std::shared_ptr<const TemplateChecker> checker;

  std::string Reference() const;  ///< "shoe@2"
};
using TemplateRef = std::shared_ptr<const TemplateInfo>;

/// A published or withdrawn version as the registration path takes it. Shared; immutable but for
/// `used`.
struct ReadyTemplate {
  TemplateRef info;
  std::shared_ptr<std::atomic<bool>> used;  ///< it is known, durably, that records name it

  bool withdrawn() const { return info->status == TemplateStatus::kWithdrawn; }
};
using ReadyTemplateRef = std::shared_ptr<const ReadyTemplate>;

struct TemplatePage {
  std::vector<TemplateRef> templates;
  std::string next_page_token;
};

struct TemplateOptions {
  /// False (--dev): records may name templates that are not there, and are then not checked.
  bool require_known = true;
};

/// The data templates of this node. Thread-safe; reads are in memory.
class TemplateRegistry {
 public:
  TemplateRegistry(storage::Engine& engine, AuditLog& audit, const PrefixRegistry& prefixes,
                   const Clock& clock, TemplateOptions options);
  Result<void> Load();
  const TemplateOptions& options() const { return options_; }

  /// Makes or replaces the draft after the newest version. Items without an index get theirs from
  /// the version before, by name, or the next free one. A name means one thing under a prefix: one
  /// that the secondary prefix has is not to be had below it, nor the other way round, also where
  /// only a draft or a deleted version has it. Errors: kInvalidRequest with the field within the
  /// schema ("properties.colour.maxLength") or "name", kAlreadyExists (field "name"),
  /// kNotResponsible (field "owner"), kPermissionDenied; a new version that drops or retypes an
  /// item of the one before.
  Result<TemplateRef> Put(const Actor& actor, const std::string& owner, const std::string& name,
                          DataTemplate content, Deadline deadline);
  /// Errors: kTemplateNotFound, kPreconditionFailed (not a draft).
  Result<TemplateRef> Publish(const Actor& actor, const std::string& owner, const std::string& name,
                              std::uint32_t version, Deadline deadline);
  Result<TemplateRef> Withdraw(const Actor& actor, const std::string& owner,
                               const std::string& name, std::uint32_t version, Deadline deadline);
  /// A draft, or a published one that no record ever named; the number of such a one is not used
  /// again. Errors: kTemplateNotFound, kTemplateInUse.
  Result<void> Delete(const Actor& actor, const std::string& owner, const std::string& name,
                      std::uint32_t version, Deadline deadline);
  /// `version` 0: the newest published. Drafts: their owner, auditor, operator.
  Result<TemplateRef> Get(const Actor& actor, const std::string& owner, const std::string& name,
                          std::uint32_t version) const;
  Result<TemplatePage> List(const Actor& actor, const std::string& owner, std::uint32_t page_size,
                            std::string_view page_token) const;

  /// What a record of `folded_prefix` means by "shoe@2": the prefix's own template, else its
  /// secondary prefix's. Nullptr where there is none, or only a draft. Withdrawn ones are found
  /// too: old records keep their meaning.
  TemplateRef Find(std::string_view folded_prefix, std::string_view reference) const;
  /// As Find, with what checking takes.
  ReadyTemplateRef Lookup(std::string_view folded_prefix, std::string_view reference) const;
  /// The newest published version of a name, as Find searches. For faces whose clients name no
  /// version.
  TemplateRef FindNewest(std::string_view folded_prefix, std::string_view name) const;

  /// What became of MarkUsed. `gone`: those of the versions that were deleted meanwhile; the others
  /// are noted, where `result` is ok.
  using MarkedFn =
      std::function<void(const Result<void>& result, const std::vector<ReadyTemplateRef>& gone)>;
  /// Makes sure that it is known, durably, that records name these versions: before the first of
  /// them is committed. Calls `done` once, on this thread or one of the committer's. Costs nothing
  /// where all are known already. One transaction a version is under way at a time; who comes
  /// meanwhile waits for it. Errors given to `done`: kOverloaded (kTemplateMarkWaitersMax wait
  /// already), those of the committer.
  void MarkUsed(std::vector<ReadyTemplateRef> used, storage::Committer& committer, MarkedFn done);

 private:
  class Impl;
  class Marks;
  static std::shared_ptr<Marks> NewMarks();

  std::shared_ptr<Impl> impl_;
  std::shared_ptr<Marks> marks_;  ///< those under way
  TemplateOptions options_;
};

}  // namespace idnode::service
