#pragma once

#include <cstdint>
#include <string_view>

namespace idnode {

/// Every error that crosses a layer. Core code knows only these; `frontend/error_map.h` holds the
/// one table that turns them into gRPC, HTTP and Handle codes.
///
/// The numbers are on disk (storage/FORMAT.md, "Request row"): a code keeps its number for ever, a
/// new one takes the next free number wherever it stands, and the number of one that is gone is
/// not used again.
enum class Errc : std::uint8_t {
  kOk = 0,
  // What the caller sent.
  kInvalidRequest = 1,     ///< Not understood as a whole: bad JSON, bad parameter.
  kInvalidIdentifier = 2,  ///< Breaks the grammar of identifiers.
  kInvalidValue = 3,       ///< A value, attribute, class or template breaks a rule or a limit.
  kBatchTooLarge = 4,      ///< More items or bytes than a batch may have.
  kPayloadTooLarge = 5,    ///< A body or message over its limit.
  kHeaderTooLarge = 6,     ///< HTTP header section over its limit.
  kInvalidPageToken = 7,   ///< Not a token this node gave, or for another list.
  kRequestIdReused = 8,    ///< The request_id was used before with other content.
  kMethodNotAllowed = 9,   ///< HTTP method does not apply to this path.
  kUnsupportedMedia = 10,  ///< HTTP Content-Type is not supported.
  kNotAcceptable = 11,     ///< None of the asked representations exists.
  // What is there.
  kIdentifierNotFound = 12,  ///< No such identifier (标识不存在).
  kValueNotFound = 13,       ///< The identifier has no such value.
  kIdentifierExists = 14,    ///< Registered with other content (标识已存在).
  kIdentifierFrozen = 15,    ///< Its state forbids the change (冻结).
  kIdentifierRevoked = 16,   ///< Withdrawn (吊销).
  kPreconditionFailed = 17,  ///< The expected revision is not the present one.
  kNotResponsible = 18,      ///< The prefix is not of this node.
  kPrefixNotAdmitted = 19,   ///< The enterprise prefix is not admitted (前缀未开通).
  kNotFound = 20,            ///< A path, application or prefix that does not exist.
  kAlreadyExists = 21,       ///< An application or prefix of that name exists.
  // Who asks.
  kUnauthenticated = 22,   ///< No credential, or one that is not valid.
  kPermissionDenied = 23,  ///< The credential does not allow this.
  // The state of the node.
  kOverloaded = 24,        ///< A queue is full; retry after a moment.
  kDeadlineExceeded = 25,  ///< The deadline passed before any work was done.
  kUndetermined = 26,      ///< The outcome could not be learned; repeat with the same request_id.
  kStorageFull = 27,       ///< No room for registrations; resolution goes on.
  kUnavailable = 28,       ///< Storage cannot be reached or failed; safe to retry.
  kClockUntrusted = 29,    ///< The wall clock departed from the node's time; registration stopped.
  kShuttingDown = 30,      ///< The node drains and takes no new work.
  kConflict = 31,          ///< Engine level: the shard's version is not the expected one.
  kCorruption = 32,        ///< Stored bytes fail their check; never retry.
  kFormatTooNew = 33,      ///< The data directory was written by a newer idnode.
  kDataDirectoryInUse = 34,  ///< Another process holds the data directory.
  kUnimplemented = 35,       ///< The engine or build lacks this.
  kInternal = 36,            ///< A broken assumption; the detail is in the log only.
  kRequestTimeout = 37,      ///< The request came too slowly to be read whole.
  // What the operator has decided of prefixes, templates and identities.
  kPrefixNotActive = 38,  ///< The prefix is in a state that forbids registration (前缀未激活).
  kQuotaExceeded = 39,    ///< The prefix has as many identifiers as its hard quota allows (配额).
  kRateLimited = 40,      ///< More requests or items a second than allowed; retry after a moment.
  kTemplateNotFound = 41,  ///< No published data template of that name and version (数据模板).
  kTemplateInUse = 42,     ///< Records use the template, so it cannot be deleted.
  kUniqueViolation = 43,   ///< Another identifier of the prefix has this value of a unique item.
  kSelfHosted = 44,        ///< The prefix's identifiers live at the enterprise's own node (自建).
};

/// Name for logs and tests, such as "kOverloaded".
std::string_view ErrcName(Errc code);

}  // namespace idnode
