#pragma once

#include <memory>
#include <string>

#include <google/protobuf/message.h>

#include "node/base/result.h"
#include "node/cli/environment.h"
#include "node/cli/exit_code.h"
#include "node/cli/text.h"

/// Tokens and passwords: what must not be seen by others, nor stand in a list of processes.
namespace idnode::cli {

/// Longest password that is read, in bytes. The node's bounds are its own to check.
inline constexpr std::size_t kPasswordBytesMax = 4096;

/// A new file that only its owner reads; made before what it is to hold, so that a token is never
/// given out that could not be kept. Removed again unless Keep is called.
class SecretFile {
 public:
  /// Null for an empty path. Errors: kInvalidRequest (field "output"); also where the file exists.
  static Result<std::unique_ptr<SecretFile>> Create(const std::string& path);
  ~SecretFile();
  SecretFile(const SecretFile&) = delete;
  SecretFile& operator=(const SecretFile&) = delete;

  /// Writes the secret and a line end, on disk when it returns. False where that failed.
  bool Keep(const std::string& secret);
  const std::string& path() const { return path_; }

 private:
  SecretFile(int fd, std::string path);
  const int fd_;
  const std::string path_;
  bool kept_ = false;
};

/// Hands a new token over: into `file` where there is one, else to standard output. `answer` holds
/// it in `token`, and is printed (without it, if it went into the file) with `--json`.
ExitCode HandOver(Environment& environment, SecretFile* file,
                  const google::protobuf::Message& answer, std::string& token);

/// A password: the first line of `file` ("-": of standard input); without a file it is asked for
/// on the terminal, unseen, `twice` to be sure. Never from the command line, where others see it.
/// Errors: kInvalidRequest (field "password-file").
Result<std::string> ReadPassword(Environment& environment, const std::string& file,
                                 const std::string& question, bool twice);

}  // namespace idnode::cli
