"""Variables of the environment by which programs load code or read what to do: the dynamic linker, shells, and
interpreters. sudo takes most of them away by itself (`sudo -V`)."""

from __future__ import annotations

VARIABLES = (
    "LD_PRELOAD", "LD_LIBRARY_PATH", "LD_AUDIT", "GCONV_PATH", "BASH_ENV", "ENV", "SHELLOPTS", "BASHOPTS", "PS4",
    "PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "PYTHONINSPECT", "PYTHONUSERBASE", "PERL5LIB", "PERLLIB", "PERL5OPT",
    "PERL5DB", "RUBYLIB", "RUBYOPT", "NODE_OPTIONS", "NODE_PATH", "JAVA_TOOL_OPTIONS", "FPATH", "ZDOTDIR", "LESSOPEN",
    "LESSCLOSE", "PAGER", "MANPAGER", "SYSTEMD_PAGER", "GIT_SSH", "GIT_SSH_COMMAND", "GIT_PAGER", "GIT_EDITOR",
    "GIT_EXEC_PATH", "GIT_EXTERNAL_DIFF", "OPENSSL_CONF", "OPENSSL_MODULES", "GTK_MODULES",
)  # fmt: skip
