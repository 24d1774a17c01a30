//! CSDL as it is, and as it should not be.

use graphspec::csdl::{self, Edm, Kind, Model, Target, Unknown, Unreadable};

use super::{graph, library};

fn read(text: &str) -> Result<Model, Unreadable> {
    csdl::read(&"x.csdl".into(), text.as_bytes())
}

/// A document around declarations.
fn around(inside: &str) -> String {
    format!(
        "<edmx:Edmx xmlns:edmx=\"e\"><edmx:DataServices><Schema Namespace=\"a.b\" Alias=\"s\">\n{inside}\n</Schema></edmx:DataServices></edmx:Edmx>"
    )
}

fn flaws(inside: &str) -> Vec<String> {
    let model = read(&around(inside)).unwrap();
    model.flaws.iter().map(|flaw| format!("{}: {}", flaw.line, flaw.message)).collect()
}

#[test]
fn a_service_is_read_whole() {
    let model = library();
    assert_eq!(model.flaws, []);
    let named = |name: &str| model.type_of(model.named(name).unwrap());
    let book = named("example.library.book");
    assert_eq!((book.line, book.open, book.is_abstract, book.properties.len()), (55, false, false, 24));
    assert_eq!(&*model.type_of(book.base.unwrap()).name, "example.library.item");
    assert_eq!(book.derived.len(), 1);
    assert!(named("lib.depot").open, "openness is inherited");
    assert!(named("lib.item").is_abstract);
    assert!(matches!(&named("lib.formats").kind, Kind::Enum(members, true) if members.len() == 3));
    assert!(matches!(named("lib.isbn").kind, Kind::Definition(Edm::String)));
    let id = model.named("lib.novel").unwrap();
    assert_eq!(model.members(id).next().unwrap().1.name.as_ref(), "id", "what is inherited comes first");
    let genres = model.member(id, "genres").unwrap();
    assert_eq!(
        (model.shown(genres.type_use), genres.nullable),
        ("Collection(example.library.genre)".into(), Some(false))
    );
    assert!(model.member(id, "shelf").unwrap().navigation);
    assert_eq!(model.member(id, "bytes").unwrap().type_use.of, Target::Edm(Edm::Int64));
}

#[test]
fn graphs_own_metadata_is_read_whole() {
    let Some(model) = graph("v1.0-Prod.csdl") else { return };
    assert_eq!(model.flaws, []);
    let count = |is: fn(&Kind) -> bool| model.types().filter(|id| is(&model.type_of(*id).kind)).count();
    assert_eq!(count(|kind| matches!(kind, Kind::Entity)), 1182);
    assert_eq!(count(|kind| matches!(kind, Kind::Complex)), 1779);
    assert_eq!(count(|kind| matches!(kind, Kind::Enum(..))), 861, "859 of them have members");
    assert_eq!(count(|kind| matches!(kind, Kind::Enum(members, _) if members.is_empty())), 2);
    assert_eq!(count(|kind| matches!(kind, Kind::Enum(_, true))), 64);
    // An alias of its own in one namespace.
    assert_eq!(model.named("self.alert"), model.named("microsoft.graph.security.alert"));
}

#[test]
fn names_are_found_or_come_near() {
    let model = library();
    let near = |name: &str| match model.find(name) {
        Ok(id) => model.type_of(id).name.to_string(),
        Err(Unknown::Spelling(id)) => format!("~{}", model.type_of(id).name),
        Err(Unknown::Missing(near)) => format!("?{}", near.iter().map(|name| &**name).collect::<Vec<_>>().join(" ")),
    };
    assert_eq!(near("lib.book"), "example.library.book");
    assert_eq!(near("example.library.Book"), "~example.library.book");
    assert_eq!(near("loan"), "~example.library.loans.loan");
    assert_eq!(near("lib.boook"), "?example.library.book");
    assert_eq!(near("lib.zebra"), "?");
}

#[test]
fn what_is_no_metadata_is_refused_with_its_line() {
    let error = |text: &str| read(text).unwrap_err().to_string();
    assert_eq!(error(""), "x.csdl:1: not XML: there is no element in it");
    assert_eq!(error("hello"), "x.csdl:1: not XML: text outside of the document's element");
    let after = around("<ComplexType Name=\"a\"/>") + "\n\nhello";
    assert!(error(&after).ends_with("text outside of the document's element"));
    assert!(error("{\"a\": 1}").starts_with("x.csdl:1: not XML"));
    assert!(error("\n<!DOCTYPE html>\n<html><body/></html>").contains("x.csdl:3: no CSDL: it starts with <html>"));
    assert!(error("<edmx:Edmx xmlns:edmx=\"e\"/>").contains("declares no type"));
    assert!(error(&around("<EntityType Name=\"a\">\n")).contains("not XML"));
    let whole = around("<EntityType Name=\"a\">\n<Property Name=\"b\" Type=\"Edm.String\"/></EntityType>");
    for end in [whole.len() - 3, whole.len() - 20, whole.len() / 2] {
        let message = error(&whole[..end]);
        assert!(message.contains("cut off") || message.contains("not XML"), "{message}");
    }
    let two = around("<ComplexType Name=\"a\"/>") + "\n<x/>";
    assert_eq!(error(&two), "x.csdl:4: not XML: a second element after the first has ended");
    let utf = csdl::read(&"x.csdl".into(), b"<edmx:Edmx>\n\xff</edmx:Edmx>").unwrap_err();
    assert_eq!(utf.to_string(), "x.csdl:2: not UTF-8");
    assert!(csdl::read(&"x.csdl".into(), &vec![b' '; (64 << 20) + 1]).unwrap_err().to_string().contains("64 MiB"));
}

#[test]
fn other_encodings_and_line_ends_are_read() {
    let text = around(
        "<ComplexType Name=\"a\">\r\n<Property Name=\"b\" Type=\"s.c\"/></ComplexType>\r\n<ComplexType Name=\"c\"/>",
    );
    let wide: Vec<u8> = [0xff, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    for bytes in [format!("\u{feff}{text}").into_bytes(), wide, text.into_bytes()] {
        let model = csdl::read(&"x.csdl".into(), &bytes).unwrap();
        assert_eq!((model.len(), model.flaws.len()), (2, 0));
    }
}

#[test]
fn entities_are_not_expanded() {
    let bomb = "<!DOCTYPE x [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;\"><!ENTITY c SYSTEM \"file:///etc/passwd\">]>\n";
    for entity in ["b", "c"] {
        let text = format!("{bomb}{}", around(&format!("<EntityType Name=\"&{entity};\"/>")));
        assert!(read(&text).unwrap_err().to_string().contains("not XML"), "{entity}");
    }
    let model = read(&around("<ComplexType Name=\"a&amp;b\"/>")).unwrap();
    assert!(model.named("a.b.a&b").is_some());
}

#[test]
fn annotations_are_passed_over_whatever_they_hold() {
    let between = |annotations: &str| {
        let text = around(&format!("<ComplexType Name=\"a\"/>{annotations}<ComplexType Name=\"b\"/>"));
        let model = read(&text).unwrap();
        assert_eq!((model.len(), model.flaws.len()), (2, 0), "{annotations}");
    };
    between("<Annotations Target=\"x\"><Annotation Term=\"t\"/></Annotations>");
    between("<Annotations Target=\"x\"></Annotations >");
    between("<Annotations Target=\"x\"/>");
    between("<Annotations><!-- </Annotations><ComplexType Name=\"c\"/> --></Annotations>");
    between("<Annotations><![CDATA[</Annotations>]]></Annotations>");
    between("<e:Annotations xmlns:e=\"e\"><e:Annotation/></e:Annotations>");
    assert!(read(&around("<ComplexType Name=\"a\"/><Annotations Target=\"x\">")).is_err());
}

#[test]
fn a_name_of_several_namespaces_is_no_guess() {
    let schema = |namespace: &str, name: &str| {
        format!("<Schema Namespace=\"{namespace}\"><ComplexType Name=\"{name}\"/></Schema>")
    };
    let text = format!(
        "<x:Edmx>{}{}{}</x:Edmx>",
        schema("a.x", "t"),
        schema("a.y", "t"),
        schema("a.x.more", "u") + &schema("a", "u")
    );
    let model = read(&text).unwrap();
    let found = |name: &str| match model.find(name) {
        Ok(id) | Err(Unknown::Spelling(id)) => model.type_of(id).name.to_string(),
        Err(Unknown::Missing(near)) => format!("{near:?}"),
    };
    assert_eq!(found("t"), "[\"a.x.t\", \"a.y.t\"]");
    assert_eq!((found("y.T").as_str(), found("u").as_str(), found("more.u").as_str()), ("a.y.t", "a.u", "a.x.more.u"));
}

#[test]
fn flaws_are_told_and_the_rest_is_kept() {
    assert_eq!(
        flaws("<ComplexType Name=\"x\" BaseType=\"s.gone\"/>")[0],
        "2: a.b.x derives from s.gone, which is not declared; any member passes"
    );
    let circle = flaws("<ComplexType Name=\"x\" BaseType=\"s.y\"/>\n<ComplexType Name=\"y\" BaseType=\"a.b.x\"/>");
    assert_eq!(circle, ["3: a.b.y derives from a.b.x, which derives from it; the base is ignored"]);
    assert_eq!(flaws("<ComplexType Name=\"x\" BaseType=\"s.x\"/>").len(), 1);
    let twice = "<ComplexType Name=\"x\"><Property Name=\"a\" Type=\"Edm.String\"/></ComplexType>\n<EntityType Name=\"x\"><Property Name=\"b\" Type=\"s.q\"/></EntityType>";
    assert_eq!(flaws(twice), ["3: a.b.x is declared twice, first in line 2; that one counts"]);
    let missing = "<ComplexType Name=\"x\"><Property Name=\"a\" Type=\"Collection(s.q)\"/></ComplexType>";
    assert_eq!(flaws(missing), ["2: 1 type is named and not declared, and what is of them is not judged: a.b.q"]);
    assert_eq!(flaws("<ComplexType/><ComplexType Name=\"y\"/>"), ["2: a type without a name; it is left out"]);
}

#[test]
fn size_and_depth_are_no_danger() {
    let deep = around(&format!("<ComplexType Name=\"a\"/>{}{}", "<x>".repeat(100_000), "</x>".repeat(100_000)));
    assert_eq!(read(&deep).unwrap().len(), 1);
    let one = |at: usize| {
        format!(
            "<ComplexType Name=\"t{at}\" BaseType=\"s.t{}\"><Property Name=\"p\" Type=\"Edm.String\"/></ComplexType>",
            at + 1
        )
    };
    let chain: String = (0..50_000).map(one).collect();
    let model = read(&around(&chain)).unwrap();
    assert!(model.types().all(|id| model.lineage(id).count() <= 64));
    assert!(model.flaws.iter().any(|flaw| flaw.message.contains("derives through more than 64 types")));
    let short: String = (0..63).map(one).collect::<String>() + "<ComplexType Name=\"t63\"/>";
    let model = read(&around(&short)).unwrap();
    assert_eq!((model.flaws.len(), model.lineage(model.named("s.t0").unwrap()).count()), (0, 64));
}
