#include "node/cli/progress.h"

#include <algorithm>
#include <cstdio>
#include <ostream>

#include "node/cli/messages.h"
#include "node/cli/output.h"

namespace idnode::cli {
namespace {

constexpr std::chrono::milliseconds kTerminalInterval{200};
constexpr std::chrono::milliseconds kLineInterval{10'000};
constexpr std::size_t kBarCells = 24;
/// Before this the rate says nothing yet.
constexpr double kRateAfterSeconds = 0.5;

std::string TwoDigits(std::int64_t number) {
  return (number < 10 ? "0" : "") + std::to_string(number);
}

}  // namespace

std::string FormatSeconds(std::int64_t seconds, Language language) {
  seconds = std::max<std::int64_t>(seconds, 0);
  if (seconds < 60) return Say(language, messages::kSeconds, seconds);
  if (seconds < 3600) {
    return Say(language, messages::kMinutes, seconds / 60, TwoDigits(seconds % 60));
  }
  return Say(language, messages::kHours, seconds / 3600, TwoDigits(seconds % 3600 / 60));
}

std::string Bar(std::int64_t part, std::int64_t whole, std::size_t width) {
  double share = whole > 0 ? static_cast<double>(part) / static_cast<double>(whole) : 0;
  share = std::clamp(share, 0.0, 1.0);
  auto filled = static_cast<std::size_t>(share * static_cast<double>(width));
  if (part < whole && filled == width && width > 0) --filled;
  return "[" + std::string(filled, '#') + std::string(width - filled, '.') + "]";
}

std::string ProgressText(const ProgressState& state, bool bar, Language language) {
  std::string text;
  if (state.units_total > 0) {
    if (bar) text += Bar(state.units_done, state.units_total, kBarCells) + " ";
    const double share =
        static_cast<double>(state.units_done) / static_cast<double>(state.units_total);
    text += std::to_string(std::clamp(static_cast<int>(share * 100), 0, 100)) + " %  ";
  }
  const std::string rows = FormatCount(state.rows_done);
  const bool has_rate = state.elapsed_s >= kRateAfterSeconds;
  const double elapsed = std::max(state.elapsed_s, kRateAfterSeconds);
  const auto rate =
      static_cast<std::int64_t>(static_cast<double>(state.rows_done - state.rows_start) / elapsed);
  const std::int64_t units_here = state.units_done - state.units_start;
  if (state.units_total == 0 || !has_rate || units_here <= 0) {
    return text + Say(language, messages::kProgressNoEta, rows, FormatCount(rate));
  }
  const double left_s = static_cast<double>(state.units_total - state.units_done) * elapsed /
                        static_cast<double>(units_here);
  // Rounded up: "0 s left" is said of the end only.
  const auto left = static_cast<std::int64_t>(left_s) + (state.units_done < state.units_total);
  return text +
         Say(language, messages::kProgress, rows, FormatCount(rate), FormatSeconds(left, language));
}

Progress::Progress(std::ostream& err, bool terminal, Language language, const Clock& clock)
    : err_(err), terminal_(terminal), language_(language), clock_(clock) {
  Start({});
}

void Progress::Start(const ProgressState& state) {
  state_ = state;
  started_ = clock_.Monotonic();
  next_print_ = started_ + (terminal_ ? kTerminalInterval : kLineInterval);
}

double Progress::ElapsedSeconds() const {
  return std::chrono::duration<double>(clock_.Monotonic() - started_).count();
}

void Progress::Update(std::int64_t units_done, std::int64_t rows_done) {
  state_.units_done = units_done;
  state_.rows_done = rows_done;
  const Deadline now = clock_.Monotonic();
  if (now < next_print_) return;
  next_print_ = now + (terminal_ ? kTerminalInterval : kLineInterval);
  state_.elapsed_s = ElapsedSeconds();
  const std::string text = ProgressText(state_, terminal_, language_);
  if (terminal_) {
    err_ << "\r" << text << "\x1b[K" << std::flush;
    shown_ = true;
  } else {
    err_ << text << '\n' << std::flush;
  }
}

void Progress::Say(const std::string& line) {
  Clear();
  err_ << line << '\n' << std::flush;
}

void Progress::Clear() {
  if (!shown_) return;
  err_ << "\r\x1b[K" << std::flush;
  shown_ = false;
}

}  // namespace idnode::cli
