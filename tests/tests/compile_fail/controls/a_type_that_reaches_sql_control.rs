// control: a_type_that_reaches_sql

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

has_none_of!(access::Transaction<'static>: sea_orm::ConnectionTrait);

fn main() {}
