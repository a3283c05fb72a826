#include "bench/load/progress.h"

#include <cstdio>

#include <unistd.h>

#include "bench/load/report.h"

namespace idnode::bench {
namespace {

constexpr std::chrono::milliseconds kTerminalStep{200};
constexpr std::chrono::seconds kLogStep{10};
constexpr std::uint64_t kBarWidth = 30;

}  // namespace

Progress::Progress(std::string what, std::uint64_t total)
    : what_(std::move(what)),
      total_(total),
      terminal_(isatty(STDERR_FILENO) == 1),
      next_(Clock::now() + (terminal_ ? Clock::duration(kTerminalStep) : kLogStep)) {}

Progress::~Progress() {
  // Back to the start of an empty line: what was measured is told elsewhere.
  if (terminal_ && drawn_) std::fputs("\r\x1b[K", stderr);
}

std::string Progress::Line(const std::string& what, std::uint64_t done, std::uint64_t total,
                           double seconds) {
  const double rate = seconds > 0 ? static_cast<double>(done) / seconds : 0;
  std::string line = what + " ";
  if (total > 0) {
    const std::uint64_t full = done >= total ? kBarWidth : done * kBarWidth / total;
    line += "[" + std::string(full, '#') + std::string(kBarWidth - full, '.') + "] " +
            std::to_string(done >= total ? 100 : done * 100 / total) + "% ";
  }
  line += std::to_string(done) + ", " + FormatNumber(rate) + "/s";
  if (total > done && rate > 0) {
    const double left = static_cast<double>(total - done) / rate;
    line += ", " + std::to_string(static_cast<std::uint64_t>(left + 0.5)) + " s left";
  }
  return line;
}

void Progress::Update(std::uint64_t done) {
  const auto now = Clock::now();
  if (now < next_) return;
  next_ = now + (terminal_ ? Clock::duration(kTerminalStep) : kLogStep);
  const std::string line =
      Line(what_, done, total_, std::chrono::duration<double>(now - start_).count());
  std::fprintf(stderr, terminal_ ? "\r\x1b[K%s" : "%s\n", line.c_str());
  std::fflush(stderr);
  drawn_ = true;
}

void Say(const std::string& text) {
  std::fprintf(stderr, "%s\n", text.c_str());
  std::fflush(stderr);
}

}  // namespace idnode::bench
