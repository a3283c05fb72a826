#pragma once

#include <string>

#include <CLI/CLI.hpp>

namespace idnode::cli {

/// A script that completes subcommands, options, fixed choices and file names, made from the tree
/// of commands itself. `shell` is bash, zsh or fish.
std::string CompletionScript(const std::string& shell, const CLI::App& app);

}  // namespace idnode::cli
