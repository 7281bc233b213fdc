//! A plugin that is missing, broken, of another program or for another libtorch, with and without a working driver.

use crate::device::{self, WORKING, fake_driver};
use crate::program::{Place, TINY};

#[test]
fn a_plugin_that_cannot_be_used_says_why_and_what_to_do() {
    let place = Place::with(TINY);
    let driver = fake_driver(&place, WORKING);
    let other =
        device::library(&place, "other.so", "const char *freezewise_torch_version(void) { return \"2.10.0\"; }");
    let empty = device::library(&place, "empty.so", "int nothing;");
    let older =
        device::library(&place, "older.so", "const char *freezewise_torch_version(void) { return \"2.11.0\"; }");
    let broken = place.write("broken.so", "no library").display().to_string();
    let missing = place.path("missing.so").display().to_string();
    let absent = missing.clone();
    let cases = [
        (other, "other.so` was built for libtorch 2.10.0, but this program for 2.11.0", "rebuild both"),
        (empty, "empty.so` is not a plugin of this program", "rebuild it"),
        (older, "older.so` is not a plugin of this program", "rebuild it"),
        (broken, "broken.so` cannot be loaded", "use the CPU with `--set device=cpu`"),
        (missing, "missing.so` cannot be loaded", "use the CPU with `--set device=cpu`"),
    ];
    for (plugin, cause, hint) in cases {
        let plugin = ("FREEZEWISE_CUDA_PLUGIN", plugin.as_str());
        let asked = place.freezewise_with(&[plugin], &["run", "spec.toml", "--set", "device=cuda"]);
        assert_eq!(asked.code, 1);
        assert!(asked.stderr.contains("`device = \"cuda:0\"` cannot be used: "), "{}", asked.stderr);
        let auto = place.freezewise_with(&[plugin, ("LD_LIBRARY_PATH", &driver)], &["run", "spec.toml"]);
        assert_eq!(auto.code, 1);
        assert!(auto.stderr.contains("there is an NVIDIA driver, but CUDA cannot be used: "), "{}", auto.stderr);
        for answer in [asked, auto] {
            assert!(answer.stderr.contains(cause) && answer.stderr.contains(hint), "{}", answer.stderr);
            assert!(
                !place.path("runs/spec/spec.toml").exists() && !place.path("runs/sources").exists(),
                "a run was started"
            );
        }
    }
    // Without a working driver, a broken plugin is not an error.
    let variables = [("FREEZEWISE_CUDA_PLUGIN", absent.as_str()), ("CUDA_VISIBLE_DEVICES", "")];
    let cpu = place.freezewise_with(&variables, &["run", "spec.toml"]);
    assert_eq!(cpu.code, 0, "{}", cpu.stderr);
    assert!(cpu.stderr.contains(": using the CPU"), "{}", cpu.stderr);
}
