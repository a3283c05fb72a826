#pragma once

namespace idnode::storage {

/// Spaces: the first byte of every key (storage/FORMAT.md, "Keys"). Never reused.
enum class Space : char {
  kApplication = 'a',  ///< applications and their token hashes; shard 0
  kCounter = 'c',      ///< one row per month, dimension and value
  kAudit = 'd',        ///< the audit log and its head; shard 0
  kEnterprise = 'e',   ///< enterprises by credit code; shard 0
  kFeed = 'f',         ///< one row per commit
  kGrant = 'g',        ///< grants by prefix and id; shard 0
  kHistory = 'h',      ///< what changes replaced
  kLedger = 'l',       ///< order, tiles, checkpoints and statements of the ledger; shard 0
  kMeta = 'm',         ///< facts about the store; shard 0
  kPrefix = 'p',       ///< admitted enterprise prefixes; shard 0
  kRequest = 'q',      ///< stored answers of batches with a request_id
  kRecord = 'r',       ///< records by folded identifier
  kShard = 's',        ///< the shard's own row: last commit time
  kTemplate = 't',     ///< data templates by owner, name and version; shard 0
  kUser = 'u',         ///< people and their password hashes; shard 0
  kUnique = 'x',       ///< who has which value of a unique template item; the prefix's shard
};

}  // namespace idnode::storage
