"""What each command looks like in use: told at the end of its help, and held to what the command line takes by a test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

EXAMPLES: Mapping[str, Sequence[str]] = {
    "up": ["omo up", "omo up --port 4600 --dir /tmp/second"],
    "down": ["omo down"],
    "status": ["omo status", "omo status --json"],
    "token": ["omo token mem-0001", "omo token mem-0001 --ttl -60"],
    "key": ["omo key pos", 'curl -H "Authorization: Bearer $(omo key pos)" …'],
    "keys first": ["omo keys first --stage dev"],
    "keys list": ["omo keys list", "omo keys list --json", "OMO_KEY=… omo keys list --stage live"],
    "keys make": ["omo keys make till-3 --kind pos --owner Shibuya --store shibuya --terminal t-3"],
    "keys rotate": ["omo keys rotate till-3 --overlap 3600"],
    "keys revoke": ["omo keys revoke till-3"],
    "seed": ["omo seed"],
    "replay": ["omo replay", "omo replay --days 30 --households 200 --coupons slice"],
    "audit": [
        "omo audit",
        "omo audit --member mem-0001",
        "omo audit --export books.gz",
        "omo audit --file books.gz",
        "omo audit --no-note",
        "omo audit --stage live",
    ],
    "alarms": ["omo alarms", "omo alarms --on 2027-10-21"],
    "redrive": ["omo redrive points --dry-run", "omo redrive points", "omo redrive points --stage live"],
    "report": [
        "omo report liability --on 2026-11-30 --format csv --out liability.csv",
        "omo report months --since 2026-01",
        "omo report statement cafe 2026-11",
        "omo report campaign spring",
        "omo report campaigns --out campaigns.jsonl",
        "omo report activity --days 90 --to-s3",
    ],
    "reconcile": [
        "omo reconcile journal.csv --store shibuya --day 2026-11-20",
        "omo reconcile week.jsonl --repair",
    ],
    "codes make": ["omo codes make spring --count 10000 --out codes.csv"],
    "codes import": ["omo codes import spring theirs.csv"],
    "codes sheet": ["omo codes sheet codes.csv --out pages --per-page 24 --title Spring"],
    "stores import": ["omo stores import stores.csv", "omo stores import stores.geojson"],
    "contract": [
        "omo contract",
        "omo contract --at staging.json earn redeem",
        "omo contract --listen 8099 --record till.jsonl",
        "omo contract --judge till.jsonl",
    ],
    "openapi": [
        "omo openapi --out openapi.json",
        "omo openapi --service points",
        "omo openapi --types --out omotenashi.d.ts",
    ],
    "cost": [
        "omo cost --members 100000",
        "omo cost --members 100000 --purchases 300000 --region us-east-1",
        "omo cost --members 100000 --prices mine.yaml --assume tills=40",
    ],
    "sim": ["omo sim --minutes 10", "omo sim --seed 4711"],
    "bench": ["omo bench", "omo bench --list", "omo bench overhead cold --write"],
    "package": ["omo package --stage dev"],
    "deploy": ["omo deploy --stage dev --dry-run", "omo deploy --stage dev"],
    "destroy": ["omo destroy --stage dev", "omo destroy --stage dev --data --books-of dev"],
    "completion": [
        "omo completion bash > ~/.local/share/bash-completion/completions/omo",
        "omo completion zsh > ~/.zfunc/_omo",
        "omo completion fish > ~/.config/fish/completions/omo.fish",
    ],
}


def epilog(command: str) -> str:
    """What stands below the help of a command."""
    lines = "\n".join(f"  {line}" for line in EXAMPLES.get(command, ()))
    return f"examples:\n{lines}" if lines else ""
