#include "node/cli/completion.h"

#include <memory>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "node/cli/command_line.h"
#include "node/cli/commands.h"
#include "node/cli/output.h"

namespace idnode::cli {

void AddCompletion(CommandLine& line) {
  auto shell = std::make_shared<std::string>();
  CLI::App* command = line.Add(nullptr, "completion",
                               {"Print a completion script for a shell.", "输出 shell 补全脚本。"},
                               "source <(idnode completion bash)\n"
                               "idnode completion zsh > ~/.zsh/completions/_idnode\n"
                               "idnode completion fish > ~/.config/fish/completions/idnode.fish");
  command->add_option("SHELL", *shell, line.T({"bash, zsh or fish", "bash、zsh 或 fish"}))
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  CommandLine::OnRun(command, line, [shell, &line](Environment& environment) {
    environment.out << CompletionScript(*shell, line.app()) << std::flush;
    return kExitDone;
  });
}

}  // namespace idnode::cli
