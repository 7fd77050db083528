//! Layouts of made-up types.

use base::{FxHashMap, Name};
use mir::mono::items::AdtId;
use mir::mono::ty::{IntTy, Ty};
use mir::mono::{EnumShape, FieldShape, Program, Shape, StructShape, VariantShape};

use super::*;

fn field(ty: Ty) -> FieldShape {
    FieldShape { name: Name::new("f"), ty }
}

fn structure(fields: &[Ty]) -> Shape {
    Shape::Struct(StructShape {
        name: "S".to_owned(),
        fields: fields.iter().map(|&t| field(t)).collect(),
        non_null: false,
        interior_mutable: false,
        maybe_uninit: false,
        repr_c: false,
    })
}

fn enumeration(variants: &[(i128, &[Ty])]) -> Shape {
    Shape::Enum(EnumShape {
        name: "E".to_owned(),
        variants: variants
            .iter()
            .map(|&(discriminant, fields)| VariantShape {
                name: Name::new("V"),
                discriminant,
                fields: fields.iter().map(|&t| field(t)).collect(),
            })
            .collect(),
    })
}

/// The layout of a type with this shape.
fn layout_of(shape: Shape) -> (u64, u64, Abi, Kind) {
    let ty = Ty::adt(AdtId(0), &[]);
    let program = Program { shapes: FxHashMap::from_iter([(ty, shape)]), ..Program::default() };
    let layouts = Layouts::new(&program);
    let layout = layouts.of(ty);
    drop(layouts);
    let layout = std::rc::Rc::into_inner(layout).expect("the only one");
    (layout.size, layout.align, layout.abi, layout.kind)
}

fn byte() -> Ty {
    Ty::int_of(IntTy::U8)
}

fn word() -> Ty {
    Ty::int_of(IntTy::U32)
}

#[test]
fn a_struct_of_c_keeps_its_order_whatever_that_costs() {
    let fields = [byte(), word(), byte()];
    let (size, ..) = layout_of(structure(&fields));
    assert_eq!(size, 8);
    let Shape::Struct(shape) = structure(&fields) else { unreachable!() };
    let (size, _, _, kind) = layout_of(Shape::Struct(StructShape { repr_c: true, ..shape }));
    assert_eq!(size, 12);
    assert!(matches!(kind, Kind::Fields(offsets) if offsets == [0, 4, 8]));
}

#[test]
fn a_struct_without_padding_keeps_its_order() {
    let (size, _, _, kind) = layout_of(structure(&[word(), word(), Ty::int(), Ty::str()]));
    assert_eq!(size, 40);
    assert!(matches!(kind, Kind::Fields(offsets) if offsets == [0, 4, 8, 16]));
}

#[test]
fn a_struct_is_sorted_where_that_makes_it_smaller() {
    let (size, align, _, kind) = layout_of(structure(&[byte(), Ty::int(), byte()]));
    assert_eq!((size, align), (16, 8));
    assert!(matches!(kind, Kind::Fields(offsets) if offsets == [8, 0, 9]));
}

#[test]
fn an_option_of_a_reference_is_a_pointer() {
    let (size, _, abi, _) = layout_of(enumeration(&[(0, &[]), (1, &[Ty::shared_ref(Ty::int())])]));
    assert_eq!(size, 8);
    assert_eq!(abi, Abi::Scalar(Scalar::of(Prim::Ptr)));
}

#[test]
fn an_option_of_a_slice_is_a_pair() {
    let slice = Ty::shared_ref(Ty::list(Ty::int()));
    let (size, _, abi, _) = layout_of(enumeration(&[(0, &[slice]), (1, &[])]));
    assert_eq!(size, 16);
    assert!(matches!(abi, Abi::Pair(a, _) if a.prim == Prim::Ptr));
}

#[test]
fn an_option_of_a_string_or_bool_has_no_tag() {
    let (size, _, _, kind) = layout_of(enumeration(&[(0, &[]), (1, &[Ty::str()])]));
    assert_eq!(size, 24);
    assert!(matches!(kind, Kind::Enum { encoding: Encoding::Niche { offset: 8, dataful: 1, .. }, .. }));
    let (size, _, abi, kind) = layout_of(enumeration(&[(0, &[]), (1, &[Ty::bool()])]));
    assert_eq!(size, 1);
    assert_eq!(abi, Abi::Scalar(Scalar::ranged(Prim::Int(8), 0, 2)));
    assert!(matches!(kind, Kind::Enum { encoding: Encoding::Niche { start: 2, .. }, .. }));
}

#[test]
fn an_option_of_a_number_is_a_pair() {
    let (size, _, abi, _) = layout_of(enumeration(&[(0, &[]), (1, &[Ty::int()])]));
    assert_eq!(size, 16);
    assert!(matches!(abi, Abi::Pair(tag, n) if tag.prim == Prim::Int(64) && n.prim == Prim::Int(64)));
}

#[test]
fn plain_enums_are_their_tag() {
    let (size, _, abi, _) = layout_of(enumeration(&[(-3, &[]), (7, &[])]));
    assert_eq!(size, 1);
    assert!(matches!(abi, Abi::Scalar(s) if s.prim == Prim::Int(8) && s.valid == Some((0xFD, 7))));
    let (size, ..) = layout_of(enumeration(&[(0, &[]), (70_000, &[])]));
    assert_eq!(size, 4);
}

#[test]
fn variants_of_different_forms_live_in_memory() {
    let (size, _, abi, kind) =
        layout_of(enumeration(&[(0, &[Ty::float()]), (1, &[Ty::int(), byte()]), (2, &[])]));
    // The byte stands beside the tag.
    assert_eq!((size, abi), (16, Abi::Memory));
    assert!(matches!(kind, Kind::Enum { encoding: Encoding::Tag(..), .. }));
}
