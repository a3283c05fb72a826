#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace idnode::cli {

/// A node's HTTP face for tests: serves a folder that TestLog wrote under /ledger/, takes
/// cosignatures, and answers what `answer` says before anything else.
class HttpLog {
 public:
  struct Reply {
    unsigned status = 0;  ///< 0: as the folder has it
    std::string body;
    std::string retry_after;
  };
  using AnswerFn = std::function<Reply(const std::string& method, const std::string& target,
                                       const std::string& authorization)>;

  explicit HttpLog(std::string folder, AnswerFn answer = nullptr);
  ~HttpLog();
  HttpLog(const HttpLog&) = delete;
  HttpLog& operator=(const HttpLog&) = delete;

  std::string url() const;
  std::vector<std::string> cosigned() const;  ///< bodies that were posted
  int connections() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace idnode::cli
