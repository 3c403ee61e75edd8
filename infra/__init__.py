"""Packages, deploys and runs Omotenashi: the templates beside this file and the `omo` command."""
