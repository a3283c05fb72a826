#pragma once

#include <cstdint>
#include <string_view>

namespace idnode {

/// Every error that crosses a layer. Core code knows only these; `frontend/error_map.h` holds the
/// one table that turns them into gRPC, HTTP and Handle codes.
enum class Errc : std::uint8_t {
  kOk = 0,
  // What the caller sent.
  kInvalidRequest,     ///< Not understood as a whole: bad JSON, bad parameter.
  kInvalidIdentifier,  ///< Breaks the grammar of identifiers.
  kInvalidValue,       ///< A value, attribute, class or template breaks a rule or a limit.
  kBatchTooLarge,      ///< More items or bytes than a batch may have.
  kPayloadTooLarge,    ///< A body or message over its limit.
  kHeaderTooLarge,     ///< HTTP header section over its limit.
  kInvalidPageToken,   ///< Not a token this node gave, or for another list.
  kRequestIdReused,    ///< The request_id was used before with other content.
  kMethodNotAllowed,   ///< HTTP method does not apply to this path.
  kUnsupportedMedia,   ///< HTTP Content-Type is not supported.
  kNotAcceptable,      ///< None of the asked representations exists.
  // What is there.
  kIdentifierNotFound,  ///< No such identifier (标识不存在).
  kValueNotFound,       ///< The identifier has no such value.
  kIdentifierExists,    ///< Registered with other content (标识已存在).
  kIdentifierFrozen,    ///< Its state forbids the change (冻结).
  kIdentifierRevoked,   ///< Withdrawn (吊销).
  kPreconditionFailed,  ///< The expected revision is not the present one.
  kNotResponsible,      ///< The prefix is not of this node.
  kPrefixNotAdmitted,   ///< The enterprise prefix is not admitted (前缀未开通).
  kNotFound,            ///< A path, application or prefix that does not exist.
  kAlreadyExists,       ///< An application or prefix of that name exists.
  // Who asks.
  kUnauthenticated,   ///< No credential, or one that is not valid.
  kPermissionDenied,  ///< The credential does not allow this.
  // The state of the node.
  kOverloaded,          ///< A queue is full; retry after a moment.
  kDeadlineExceeded,    ///< The deadline passed before any work was done.
  kUndetermined,        ///< The outcome could not be learned; repeat with the same request_id.
  kStorageFull,         ///< No room for registrations; resolution goes on.
  kUnavailable,         ///< Storage cannot be reached or failed; safe to retry.
  kClockUntrusted,      ///< The wall clock departed from the node's time; registration stopped.
  kShuttingDown,        ///< The node drains and takes no new work.
  kConflict,            ///< Engine level: the shard's version is not the expected one.
  kCorruption,          ///< Stored bytes fail their check; never retry.
  kFormatTooNew,        ///< The data directory was written by a newer idnode.
  kDataDirectoryInUse,  ///< Another process holds the data directory.
  kUnimplemented,       ///< The engine or build lacks this.
  kInternal,            ///< A broken assumption; the detail is in the log only.
};

/// Name for logs and tests, such as "kOverloaded".
std::string_view ErrcName(Errc code);

}  // namespace idnode
