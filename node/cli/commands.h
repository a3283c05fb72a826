#pragma once

namespace idnode::cli {

class CommandLine;

/// Each declares one subcommand with its options; one file each in commands/.
void AddRegister(CommandLine& line);
void AddUpdate(CommandLine& line);
void AddDelete(CommandLine& line);
void AddState(CommandLine& line);
void AddResolve(CommandLine& line);
void AddList(CommandLine& line);
void AddImport(CommandLine& line);
void AddExport(CommandLine& line);
void AddVolume(CommandLine& line);
void AddStatement(CommandLine& line);
void AddEnterprise(CommandLine& line);
void AddPrefix(CommandLine& line);
void AddTemplate(CommandLine& line);
void AddApp(CommandLine& line);
void AddToken(CommandLine& line);
void AddUser(CommandLine& line);
void AddLogin(CommandLine& line);
void AddGrant(CommandLine& line);
void AddAudit(CommandLine& line);
void AddClock(CommandLine& line);
void AddStatus(CommandLine& line);
void AddWaitReady(CommandLine& line);
void AddLedger(CommandLine& line);
void AddRank(CommandLine& line);
void AddWitness(CommandLine& line);
void AddCompletion(CommandLine& line);

}  // namespace idnode::cli
