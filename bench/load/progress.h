#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace idnode::bench {

/// Progress of one step on stderr: a bar with rate and remaining time on a terminal, a line every
/// ten seconds elsewhere. Not thread-safe.
class Progress {
 public:
  /// `total` 0: of unknown length.
  Progress(std::string what, std::uint64_t total);
  /// Ends the line.
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void Update(std::uint64_t done);

  /// The line that Update writes.
  static std::string Line(const std::string& what, std::uint64_t done, std::uint64_t total,
                          double seconds);

 private:
  using Clock = std::chrono::steady_clock;
  const std::string what_;
  const std::uint64_t total_;
  const bool terminal_;
  const Clock::time_point start_ = Clock::now();
  Clock::time_point next_;
  bool drawn_ = false;
};

/// A line on stderr that stays.
void Say(const std::string& text);

}  // namespace idnode::bench
