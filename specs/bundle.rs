// What is compiled into the program: the pages of the built-in suite, in their order, and the
// schemas, by the type that each is of. Included by `src/suite.rs` and `src/schema/mod.rs`, which
// know no operation and no type of their own.
//
// Gives the texts of one kind: `pages` or `schemas`.
macro_rules! bundle {
    (pages) => {
        &[
            ("specs/follow-sites.md", include_str!("../specs/follow-sites.md")),
            ("specs/unfollow-sites.md", include_str!("../specs/unfollow-sites.md")),
            ("specs/list-followed-sites.md", include_str!("../specs/list-followed-sites.md")),
        ]
    };
    (schemas) => {
        &[
            ("microsoft.graph.site", include_str!("../../specs/schemas/site.json")),
            ("odata.error", include_str!("../../specs/schemas/error.json")),
            ("odata.collection", include_str!("../../specs/schemas/collection.json")),
        ]
    };
}
