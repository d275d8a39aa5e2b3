// claim: What is asked of each public type refuses a type that SQL is reached from.
// error[E0283]: type annotations needed

macro_rules! has_none_of {
    ($type:ty: $($bound:path),+ $(,)?) => {
        const _: fn() = || {
            #[allow(dead_code)]
            trait FoundTwiceIfIt<Has> {
                fn it() {}
            }
            impl<T: ?Sized> FoundTwiceIfIt<()> for T {}
            $({
                struct Has;
                impl<T: ?Sized + $bound> FoundTwiceIfIt<Has> for T {}
            })+
            let _ = <$type as FoundTwiceIfIt<_>>::it;
        };
    };
}

has_none_of!(sea_orm::DatabaseTransaction: sea_orm::ConnectionTrait);

fn main() {}
