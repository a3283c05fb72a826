#pragma once

#include <chrono>
#include <cstdint>
#include <iosfwd>
#include <string>

#include "node/base/clock.h"
#include "node/cli/text.h"

namespace idnode::cli {

/// "45 s", "3 min 05 s", "2 h 10 min".
std::string FormatSeconds(std::int64_t seconds, Language language);

/// A bar of `width` cells, `part` of `whole` filled; full only when all is done.
std::string Bar(std::int64_t part, std::int64_t whole, std::size_t width);

/// What a line of progress is made of.
struct ProgressState {
  std::int64_t units_done = 0;   ///< of what the end is known, such as bytes of a file
  std::int64_t units_start = 0;  ///< done before this run
  std::int64_t units_total = 0;  ///< 0: the end is not known
  std::int64_t rows_done = 0;
  std::int64_t rows_start = 0;
  double elapsed_s = 0;  ///< of this run
};

/// "[####....] 41 %  1,234,567 rows, 152,300 rows/s, 12 s left". The bar on terminals only.
std::string ProgressText(const ProgressState& state, bool bar, Language language);

/// Shows how far a command is: on a terminal a line that is rewritten, elsewhere a line every 10 s.
/// Not thread-safe.
class Progress {
 public:
  Progress(std::ostream& err, bool terminal, Language language, const Clock& clock);

  /// Sets where this run starts, and its time.
  void Start(const ProgressState& state);
  /// Prints if it is time to.
  void Update(std::int64_t units_done, std::int64_t rows_done);
  /// Prints `line` above the bar.
  void Say(const std::string& line);
  /// Removes the bar.
  void Clear();
  double ElapsedSeconds() const;

 private:
  std::ostream& err_;
  const bool terminal_;
  const Language language_;
  const Clock& clock_;
  ProgressState state_;
  Deadline started_;
  Deadline next_print_;
  bool shown_ = false;
};

}  // namespace idnode::cli
