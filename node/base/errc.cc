#include "node/base/errc.h"

namespace idnode {

std::string_view ErrcName(Errc code) {
  switch (code) {  // no default: -Wswitch reports a forgotten code
    case Errc::kOk:
      return "kOk";
    case Errc::kInvalidRequest:
      return "kInvalidRequest";
    case Errc::kInvalidIdentifier:
      return "kInvalidIdentifier";
    case Errc::kInvalidValue:
      return "kInvalidValue";
    case Errc::kBatchTooLarge:
      return "kBatchTooLarge";
    case Errc::kPayloadTooLarge:
      return "kPayloadTooLarge";
    case Errc::kHeaderTooLarge:
      return "kHeaderTooLarge";
    case Errc::kInvalidPageToken:
      return "kInvalidPageToken";
    case Errc::kRequestIdReused:
      return "kRequestIdReused";
    case Errc::kMethodNotAllowed:
      return "kMethodNotAllowed";
    case Errc::kUnsupportedMedia:
      return "kUnsupportedMedia";
    case Errc::kNotAcceptable:
      return "kNotAcceptable";
    case Errc::kIdentifierNotFound:
      return "kIdentifierNotFound";
    case Errc::kValueNotFound:
      return "kValueNotFound";
    case Errc::kIdentifierExists:
      return "kIdentifierExists";
    case Errc::kIdentifierFrozen:
      return "kIdentifierFrozen";
    case Errc::kIdentifierRevoked:
      return "kIdentifierRevoked";
    case Errc::kPreconditionFailed:
      return "kPreconditionFailed";
    case Errc::kNotResponsible:
      return "kNotResponsible";
    case Errc::kPrefixNotAdmitted:
      return "kPrefixNotAdmitted";
    case Errc::kNotFound:
      return "kNotFound";
    case Errc::kAlreadyExists:
      return "kAlreadyExists";
    case Errc::kUnauthenticated:
      return "kUnauthenticated";
    case Errc::kPermissionDenied:
      return "kPermissionDenied";
    case Errc::kOverloaded:
      return "kOverloaded";
    case Errc::kDeadlineExceeded:
      return "kDeadlineExceeded";
    case Errc::kUndetermined:
      return "kUndetermined";
    case Errc::kStorageFull:
      return "kStorageFull";
    case Errc::kUnavailable:
      return "kUnavailable";
    case Errc::kClockUntrusted:
      return "kClockUntrusted";
    case Errc::kShuttingDown:
      return "kShuttingDown";
    case Errc::kConflict:
      return "kConflict";
    case Errc::kCorruption:
      return "kCorruption";
    case Errc::kFormatTooNew:
      return "kFormatTooNew";
    case Errc::kDataDirectoryInUse:
      return "kDataDirectoryInUse";
    case Errc::kUnimplemented:
      return "kUnimplemented";
    case Errc::kInternal:
      return "kInternal";
    case Errc::kRequestTimeout:
      return "kRequestTimeout";
  }
  return "unknown";
}

}  // namespace idnode
