#include "node/cli/completion.h"

#include <string_view>
#include <vector>

namespace idnode::cli {
namespace {

/// "a,b" of the type name "TEXT:{a,b}" as "a b"; empty where any text will do.
std::string ChoicesOf(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  const std::size_t open = type.find('{');
  const std::size_t close = type.rfind('}');
  if (open == std::string::npos || close == std::string::npos) return {};
  std::string choices = type.substr(open + 1, close - open - 1);
  for (char& c : choices) {
    if (c == ',') c = ' ';
  }
  return choices;
}

bool TakesFile(const CLI::Option& option) {
  return option.get_type_name().find("FILE") != std::string::npos;
}

std::string Long(const CLI::Option& option) {
  return option.get_lnames().empty() ? std::string() : "--" + option.get_lnames().front();
}

std::vector<const CLI::App*> Children(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App*) { return true; });
}

std::vector<const CLI::Option*> Options(const CLI::App& app) {
  return app.get_options([](const CLI::Option*) { return true; });
}

// ---- bash -------------------------------------------------------------------

/// What stands in the cases of the script, by subcommand.
struct BashParts {
  std::string paths;    ///< word after word down the tree
  std::string words;    ///< what can follow
  std::string choices;  ///< after an option, or as the argument of a command
};

void AddBash(const CLI::App& app, const std::string& path, const std::string& inherited,
             BashParts& parts) {
  std::string options = inherited;
  for (const CLI::Option* option : Options(app)) {
    const std::string name = Long(*option);
    if (name.empty()) {
      const std::string choices = ChoicesOf(*option);
      if (!choices.empty()) options += " " + choices;
      continue;
    }
    options += " " + name;
    const std::string choices = ChoicesOf(*option);
    if (!choices.empty()) {
      parts.choices += "    \"" + path + " " + name + "\") choices=\"" + choices + "\" ;;\n";
    } else if (TakesFile(*option)) {
      parts.choices += "    \"" + path + " " + name + "\") files=yes ;;\n";
    } else if (option->get_items_expected_max() > 0) {
      parts.choices += "    \"" + path + " " + name + "\") any=yes ;;\n";
    }
  }
  std::string words = options;
  for (const CLI::App* child : Children(app)) words += " " + child->get_name();
  parts.words += "    \"" + path + "\") words=\"" + words + "\" ;;\n";
  for (const CLI::App* child : Children(app)) {
    const std::string child_path = path + " " + child->get_name();
    parts.paths += "      \"" + child_path + "\") path=\"" + child_path + "\" ;;\n";
    AddBash(*child, child_path, path == "idnode" ? options : inherited, parts);
  }
}

std::string BashScript(const CLI::App& app) {
  BashParts parts;
  AddBash(app, "idnode", "", parts);
  return "# bash completion for idnode\n"
         "_idnode() {\n"
         "  local current=\"${COMP_WORDS[COMP_CWORD]}\" previous=\"${COMP_WORDS[COMP_CWORD-1]}\"\n"
         "  local path=\"idnode\" words=\"\" choices=\"\" files=\"\" any=\"\" i\n"
         "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
         "    case \"$path ${COMP_WORDS[i]}\" in\n" +
         parts.paths +
         "    esac\n"
         "  done\n"
         "  case \"$path\" in\n" +
         parts.words +
         "  esac\n"
         "  case \"$path $previous\" in\n" +
         parts.choices +
         "  esac\n"
         "  # Options of idnode itself may follow any subcommand.\n"
         "  if [[ -z $choices$files$any ]]; then\n"
         "    case \"idnode $previous\" in\n" +
         parts.choices +
         "    esac\n"
         "  fi\n"
         "  COMPREPLY=()\n"
         "  if [[ -n $files ]]; then\n"
         "    mapfile -t COMPREPLY < <(compgen -f -- \"$current\")\n"
         "  elif [[ -n $choices ]]; then\n"
         "    mapfile -t COMPREPLY < <(compgen -W \"$choices\" -- \"$current\")\n"
         "  elif [[ -z $any ]]; then\n"
         "    mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$current\")\n"
         "    if [[ ${#COMPREPLY[@]} -eq 0 ]]; then\n"
         "      mapfile -t COMPREPLY < <(compgen -f -- \"$current\")\n"
         "    fi\n"
         "  fi\n"
         "}\n"
         "complete -o filenames -F _idnode idnode\n";
}

// ---- fish -------------------------------------------------------------------

std::string FishQuoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c;
  }
  return out + "'";
}

void AddFish(const CLI::App& app, const std::string& condition, std::string& out) {
  const std::string begin =
      "complete -c idnode" + (condition.empty() ? "" : " -n " + FishQuoted(condition));
  for (const CLI::Option* option : Options(app)) {
    const std::string name = Long(*option);
    const std::string choices = ChoicesOf(*option);
    if (name.empty()) {
      if (!choices.empty()) out += begin + " -f -a " + FishQuoted(choices) + "\n";
      continue;
    }
    out += begin + " -l " + name.substr(2);
    if (!choices.empty()) {
      out += " -x -a " + FishQuoted(choices);
    } else if (option->get_items_expected_max() > 0) {
      out += TakesFile(*option) ? " -r -F" : " -x";
    }
    out += " -d " + FishQuoted(option->get_description()) + "\n";
  }
  for (const CLI::App* child : Children(app)) {
    std::string names;
    for (const CLI::App* sibling : Children(app)) names += " " + sibling->get_name();
    const std::string here = (condition.empty() ? "" : condition + "; and ") +
                             std::string("not __fish_seen_subcommand_from") + names;
    out += "complete -c idnode -f -n " + FishQuoted(here) + " -a " + child->get_name() + " -d " +
           FishQuoted(child->get_description()) + "\n";
    AddFish(*child,
            (condition.empty() ? "" : condition + "; and ") + "__fish_seen_subcommand_from " +
                child->get_name(),
            out);
  }
}

}  // namespace

std::string CompletionScript(const std::string& shell, const CLI::App& app) {
  if (shell == "bash") return BashScript(app);
  if (shell == "zsh") {
    // zsh runs bash's completion functions; one script to keep right.
    return "#compdef idnode\nautoload -U +X bashcompinit && bashcompinit\n" + BashScript(app);
  }
  std::string out = "# fish completion for idnode\n";
  AddFish(app, "", out);
  return out;
}

}  // namespace idnode::cli
