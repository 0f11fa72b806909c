"""suite.py: ctest's list of tests (JSON, standard input) as a bash script for the guest.

    suite.py FACTOR FILES        every time limit is multiplied by FACTOR; the paths of the files
                                 that the tests name are written to FILES, one a line

A line of the script is a call of the guest's function `one`; see guest/init.
"""
import json
import os
import shlex
import sys


def properties_of(test):
    return {each["name"]: each["value"] for each in test.get("properties", [])}


def main(factor, files):
    paths = set()
    for test in json.load(sys.stdin)["tests"]:
        properties = properties_of(test)
        if set(properties.get("LABELS", [])) & {"tidy", "consumer", "masked", "masks", "bench"}:
            continue  # of the sources, about newer kernels, or of times
        command = test["command"]
        paths.update(each for each in command if os.path.isabs(each) and os.path.exists(each))
        seconds = int(float(properties.get("TIMEOUT", 60)) * factor)
        settings = [each for each in properties.get("ENVIRONMENT", []) if "SAN_OPTIONS" not in each]
        words = [str(seconds), test["name"], "env", *settings, *command]
        print("one", *map(shlex.quote, words))
    with open(files, "w", encoding="utf-8") as out:
        out.writelines(path + "\n" for path in sorted(paths))


if __name__ == "__main__":
    main(float(sys.argv[1]), sys.argv[2])
